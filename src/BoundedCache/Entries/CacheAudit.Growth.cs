using System.Runtime.CompilerServices;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <content>Charging what was found, unless many entries share it.</content>
internal sealed partial class CacheAudit
{
    /// <summary>Values that are compared to see what they share.</summary>
    private const int MostCompared = 1024;

    private readonly ConditionalWeakTable<Type, GrowingType> _growing = [];
    private readonly ConditionalWeakTable<Type, object?> _failures = [];

    /// <summary>
    /// Charges what a slice found, after it, in one go: then entries can be compared that grew together.
    /// </summary>
    private void ChargeSlice(Slice slice)
    {
        if (slice.Hot.Count > 0)
        {
            _engine.MarkHot(slice.Hot);
        }

        foreach ((Type key, List<Grown> group) in GroupByType(slice.Grown))
        {
            GrowingType type = GrowingOf(key);
            Grown[] counted = group.FindAll(static grown => !grown.IsEstimated).ToArray();
            bool mayShare = counted.Length > 0 && MayShare(type, counted, slice);
            for (int next = 0; next < counted.Length;)
            {
                ReadOnlySpan<Grown> some = counted.AsSpan(next, Math.Min(MostCompared, counted.Length - next));
                SharedBytes shared = mayShare
                    ? SharedBytes.Find(ValuesOf(some), [.. Others(type, some, slice, estimated: false)], _stopToken)
                    : SharedBytes.Nothing(some.Length);
                ChargeGrowth(type, some[..shared.Count], shared, slice);
                next += shared.Count;
            }

            Grown[] estimated = group.FindAll(static grown => grown.IsEstimated).ToArray();
            if (estimated.Length > 0 && CompareLarge(type, estimated, slice) is { } compared)
            {
                ChargeGrowth(type, estimated, compared, slice);
            }

            for (int i = 0; slice.Charges && i < Math.Min(group.Count, GrowingType.Remembered); i++)
            {
                type.Remember(group[i].Entry.Value!);
            }
        }
    }

    // Each entry once: one that was measured twice in the slice would share everything with itself.
    private static Dictionary<Type, List<Grown>> GroupByType(List<Grown> all)
    {
        var groups = new Dictionary<Type, List<Grown>>();
        var seen = new HashSet<int>();
        foreach (Grown grown in all)
        {
            if (seen.Add(grown.Entry.SlotRef.Index))
            {
                Type type = grown.Entry.Value!.GetType();
                if (!groups.TryGetValue(type, out List<Grown>? group))
                {
                    groups.Add(type, group = []);
                }

                group.Add(grown);
            }
        }

        return groups;
    }

    /// <summary>
    /// Charges each entry its growth, but for what it shares with many others where that may be what grew: an entry is
    /// charged what its value alone keeps alive, or what it was charged before if that is more. Charging each for the
    /// same objects would evict entries for bytes that are not there.
    /// </summary>
    private void ChargeGrowth(GrowingType type, ReadOnlySpan<Grown> grown, SharedBytes shared, Slice slice)
    {
        long accounted = 0;
        long accountedToSharers = 0;
        Lap? lap = null;
        for (int i = 0; i < grown.Length; i++)
        {
            Grown one = grown[i];
            long growth = Math.Max(0, one.Charge - one.Entry.Charge);
            long left = shared.IsByMany && shared[i] > growth / 2 ? Math.Min(growth, shared[i]) : 0;
            accounted += one.Bytes - left;
            if (left > 0)
            {
                accountedToSharers += one.Bytes - left;
                lap = one.Lap;
            }

            if (growth > left)
            {
                slice.Found(growth - left, one.Lap);
                if (slice.Charges)
                {
                    ChargeOrReport(one.Entry, one.Charge - left, one.Lap);
                }
            }
        }

        long uncharged = accountedToSharers > 0 ? Math.Max(0, shared.TogetherBytes - accounted) : 0;
        slice.Found(uncharged, lap);
        if (slice.Charges && accountedToSharers > 0)
        {
            lap?.AddUncharged(uncharged);
            if (uncharged > accountedToSharers / 10)
            {
                TellShared(type, grown[0].Entry.Value!.GetType(), uncharged);
            }
        }
    }

    /// <summary>
    /// Whether one of the values, which were walked to their ends, may share as much as half of its growth with others.
    /// Nearly always the one walk over all of the slice shows that none does, and they need not be compared.
    /// </summary>
    private bool MayShare(GrowingType type, ReadOnlySpan<Grown> grown, Slice slice)
    {
        long again = 0;
        long bytes = 0;
        long smallest = long.MaxValue;
        foreach (Grown one in grown)
        {
            again += one.BytesAgain;
            bytes += one.Bytes;
            smallest = Math.Min(smallest, one.Charge - one.Entry.Charge);
        }

        // As many others as make enough to compare with, for about as much work again.
        int left = Math.Max(SharedBytes.Many - 1, GrowingType.Remembered - grown.Length);
        foreach (SizedValue other in Others(type, grown, slice, estimated: false))
        {
            again += other.Bytes - Math.Min(other.Bytes, slice.Joint.CountNew(other.Value, _stopToken) ?? 0);
            bytes -= other.Bytes;
            if (--left == 0 || (bytes < 0 && GrowingType.Remembered - left >= SharedBytes.Many))
            {
                break;
            }
        }

        return again > smallest / 2;
    }

    private GrowingType GrowingOf(Type type) => _growing.GetOrAdd(type, static _ => new GrowingType());

    private static SizedValue[] ValuesOf(ReadOnlySpan<Grown> grown)
    {
        var values = new SizedValue[grown.Length];
        for (int i = 0; i < grown.Length; i++)
        {
            values[i] = new SizedValue(grown[i].Entry.Value!, grown[i].Bytes);
        }

        return values;
    }

    /// <summary>Values of the type that grew before, other than these. They are measured one by one.</summary>
    private IEnumerable<SizedValue> Others(
        GrowingType type, ReadOnlySpan<Grown> grown, Slice slice, bool estimated)
    {
        var known = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (Grown one in grown)
        {
            known.Add(one.Entry.Value!);
        }

        return Measured();

        IEnumerable<SizedValue> Measured()
        {
            foreach (object value in type.Before)
            {
                if (known.Add(value)
                    && TryMeasure(value, slice, out long bytes, out bool isEstimated, out _)
                    && isEstimated == estimated)
                {
                    yield return new SizedValue(value, bytes);
                }
            }
        }
    }

    /// <summary>
    /// Compares a few of the values that are too large to be walked to their ends. Null where there was no time: the
    /// slice is cut, and the next one finds them again.
    /// </summary>
    private SharedBytes? CompareLarge(GrowingType type, Grown[] grown, Slice slice)
    {
        SizedValue[] values = ValuesOf(grown);
        List<SizedValue> compared = [.. values.Take(SharedBytes.Many)];
        if (compared.Count < SharedBytes.Many)
        {
            compared.AddRange(Others(type, grown, slice, estimated: true).Take(SharedBytes.Many - compared.Count));
        }

        object[] together = [.. compared.Select(static value => value.Value)];
        return TryMeasure(together, slice, out long bytes, out _, out _)
            ? SharedBytes.Estimate(
                values, compared, bytes - ObjectSize.ArrayBase - ((long)together.Length * IntPtr.Size))
            : null;
    }

    private void ChargeOrReport(in AuditedEntry entry, long charge, Lap? lap)
    {
        if (_setup.OnlyReports)
        {
            lap?.AddUncharged(Math.Max(0, charge - entry.Charge));
            if (GrowingOf(entry.Value!.GetType()).TellsUncharged())
            {
                Log.ValuesGrewUncharged(_setup.Logger, _setup.CacheName, entry.Value!.GetType());
            }
        }
        else
        {
            ChargeAnew(in entry, charge, isHot: true);
        }
    }

    private ChargeUpdate ChargeAnew(in AuditedEntry entry, long charge, bool isHot)
    {
        long growth = charge - entry.Charge;
        if (growth > 0 && _engine.UsedBytes + growth > _engine.MaxBytes && !IsUncounted(in entry)
            && GrowingOf(entry.Value!.GetType()).TellsGrown())
        {
            Log.ValuesGrew(_setup.Logger, _setup.CacheName, entry.Value!.GetType());
        }

        ChargeUpdate update = _engine.UpdateCharge(
            entry.SlotRef, charge, isUnfinished: false, isHot ? entry.Marks.AsHot() : entry.Marks);
        if (update != ChargeUpdate.Outdated && growth != 0)
        {
            Volatile.Write(ref _changed, _changed + 1);
            Volatile.Write(ref _grownBytes, _grownBytes + Math.Max(0, growth));
        }

        return update;
    }

    /// <summary>A slice failed, for want of memory perhaps. The next one tries again.</summary>
    internal void OnFailed(Exception exception)
    {
        if (_failures.TryAdd(exception.GetType(), null))
        {
            Log.AuditFailed(_setup.Logger, _setup.CacheName, exception);
        }
    }

    private void TellUnfinished(Type type)
    {
        if (GrowingOf(type).TellsUnfinished())
        {
            Log.ValuesUnfinished(_setup.Logger, _setup.CacheName, type);
        }
    }

    private void TellShared(GrowingType growing, Type type, long bytes)
    {
        if (growing.TellsShared())
        {
            Log.SharedValuesGrew(_setup.Logger, _setup.CacheName, type, bytes);
        }
    }

    /// <summary>An entry that grew; if by much and to be charged, it was found twice.</summary>
    /// <param name="Entry">The entry as it was found.</param>
    /// <param name="Charge">What it is to be charged.</param>
    /// <param name="Bytes">The bytes of its value.</param>
    /// <param name="BytesAgain">
    /// Those of them that the slice's joint walk had come to before; 0 for an estimate, which is not walked.
    /// </param>
    /// <param name="IsEstimated">Whether the bytes are an estimate, or of a value too large for that walk.</param>
    /// <param name="Lap">The lap that found it; null for none.</param>
    /// <remarks>A class, as in other rare lists: the lists of each struct are compiled anew.</remarks>
    private sealed record Grown(
        AuditedEntry Entry, long Charge, long Bytes, long BytesAgain, bool IsEstimated, Lap? Lap);
}
