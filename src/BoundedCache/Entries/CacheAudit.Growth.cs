using System.Runtime.CompilerServices;
using BoundedCache.Diagnostics;
using BoundedCache.Engine;
using BoundedCache.Sizing;

namespace BoundedCache.Entries;

/// <content>Charging what was found, unless entries share it.</content>
internal sealed partial class CacheAudit
{
    /// <summary>Values that are measured together to see what they share.</summary>
    private const int MostCompared = 256;

    /// <summary>Arrays of up to this length are walked like fields, and never extrapolated.</summary>
    private const int SmallArray = 16;

    private readonly ConditionalWeakTable<Type, GrowingType> _growing = [];
    private readonly ConditionalWeakTable<Type, object?> _failures = [];

    /// <summary>
    /// Charges what a slice found, after it, in one go: then entries can be compared that grew together.
    /// </summary>
    private void Settle(Slice slice)
    {
        if (slice.Hot.Count > 0)
        {
            _engine.MarkHot(slice.Hot);
        }

        // An entry that was measured twice in the slice would share everything with itself.
        foreach (IGrouping<Type, Grown> group in slice.Grown
            .DistinctBy(static grown => grown.Entry.SlotRef.Index)
            .GroupBy(static grown => grown.Entry.Value!.GetType()))
        {
            Grown[] grown = [.. group];
            GrowingType type = _growing.GetOrAdd(group.Key, static _ => new GrowingType());
            bool isShared = IsShared(type, grown, out long sharedBytes);
            if (isShared)
            {
                slice.Lap?.AddUncharged(sharedBytes);
                TellShared(type, group.Key, sharedBytes);
            }
            else
            {
                foreach (Grown one in grown)
                {
                    ChargeOrReport(one.Entry, one.Charge, slice);
                }
            }

            type.Remember(grown, areCharged: !isShared && !_setup.OnlyReports);
        }
    }

    private void ChargeOrReport(in AuditedEntry entry, long charge, Slice slice)
    {
        if (_setup.OnlyReports)
        {
            slice.Lap?.AddUncharged(Math.Max(0, charge - entry.Charge));
            TellGrown(entry.Value!.GetType());
        }
        else
        {
            ChargeAnew(in entry, charge, isHot: true);
        }
    }

    private void ChargeAnew(in AuditedEntry entry, long charge, bool isHot)
    {
        long growth = charge - entry.Charge;
        if (growth > 0 && _engine.UsedBytes + growth > _engine.MaxBytes)
        {
            TellGrown(entry.Value!.GetType());
        }

        ChargeUpdate update = _engine.UpdateCharge(
            entry.SlotRef, charge, isUnfinished: false, isHot ? entry.Marks.AsHot() : entry.Marks);
        if (update != ChargeUpdate.Outdated && growth != 0)
        {
            Volatile.Write(ref _changed, _changed + 1);
            Volatile.Write(ref _grownBytes, _grownBytes + Math.Max(0, growth));
        }
    }

    /// <summary>
    /// Whether values grew because they share something that grew: together they keep less alive than half of what
    /// each of them seems to need more. Then charging each would evict entries for bytes that are not there.
    /// </summary>
    /// <param name="type">Values of the type that grew before.</param>
    /// <param name="grown">Values that grew now.</param>
    /// <param name="sharedBytes">What they need more together.</param>
    private bool IsShared(GrowingType type, Grown[] grown, out long sharedBytes)
    {
        sharedBytes = 0;
        List<(object Value, long OldBytes, long Bytes)> compared = Choose(type, grown);
        while (compared.Count > 1)
        {
            long together = MeasureTogether([.. compared.Select(static one => one.Value)], out bool isEstimated);
            if (isEstimated && compared.Count > 4)
            {
                compared.RemoveRange(compared.Count / 2, compared.Count - (compared.Count / 2));
                continue;
            }

            long before = compared.Sum(static one => Math.Min(one.OldBytes, one.Bytes));
            long growth = compared.Sum(static one => one.Bytes) - before;
            sharedBytes = Math.Max(0, together - before);
            return growth > 0 && sharedBytes < growth / 2;
        }

        return false;
    }

    private List<(object Value, long OldBytes, long Bytes)> Choose(GrowingType type, Grown[] grown)
    {
        var compared = new List<(object, long, long)>();
        var chosen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        int step = Math.Max(1, grown.Length / MostCompared);
        for (int i = 0; i < grown.Length; i += step)
        {
            chosen.Add(grown[i].Entry.Value!);
            compared.Add((grown[i].Entry.Value!, grown[i].OldBytes, grown[i].Bytes));
        }

        foreach ((object value, long bytes) in type.Before)
        {
            if (chosen.Add(value))
            {
                compared.Add((value, bytes, Measure(value, out _)));
            }
        }

        return compared;
    }

    /// <summary>What values keep alive together, each object counted once.</summary>
    private long MeasureTogether(object[] values, out bool isEstimated)
    {
        object[][] parts = [.. values.Chunk(SmallArray)];
        object[] whole = [.. parts];
        long bytes = Measure(whole, out isEstimated);
        return bytes - ArrayBytes(whole.Length) - parts.Sum(static part => ArrayBytes(part.Length));
    }

    private static long ArrayBytes(int length) => ObjectSize.ArrayBase + ((long)length * IntPtr.Size);

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
        GrowingType growing = _growing.GetOrAdd(type, static _ => new GrowingType());
        if (growing.TellsUnfinished())
        {
            Log.ValuesUnfinished(_setup.Logger, _setup.CacheName, type);
        }
    }

    private void TellGrown(Type type)
    {
        GrowingType growing = _growing.GetOrAdd(type, static _ => new GrowingType());
        if (!growing.TellsGrown())
        {
            return;
        }

        if (_setup.OnlyReports)
        {
            Log.ValuesGrewUncharged(_setup.Logger, _setup.CacheName, type);
        }
        else
        {
            Log.ValuesGrew(_setup.Logger, _setup.CacheName, type);
        }
    }

    private void TellShared(GrowingType growing, Type type, long bytes)
    {
        if (growing.TellsShared())
        {
            Log.SharedValuesGrew(_setup.Logger, _setup.CacheName, type, bytes);
        }
    }

    /// <summary>An entry that grew.</summary>
    /// <param name="Entry">The entry as it was found.</param>
    /// <param name="Charge">What it is to be charged.</param>
    /// <param name="Bytes">The bytes of its value.</param>
    private readonly record struct Grown(AuditedEntry Entry, long Charge, long Bytes)
    {
        /// <summary>The bytes that its value is charged now.</summary>
        public long OldBytes => Math.Max(0, Bytes - (Charge - Entry.Charge));
    }

    /// <summary>Values of one type that grew lately, held weakly, and what was said about the type.</summary>
    private sealed class GrowingType
    {
        public const int Remembered = 16;

        private readonly (WeakReference<object> Value, long Bytes)[] _before =
            new (WeakReference<object>, long)[Remembered];

        private int _next;
        private int _told;

        /// <summary>Values that grew before and still live, with the bytes that they were charged then.</summary>
        public IEnumerable<(object Value, long Bytes)> Before
        {
            get
            {
                foreach ((WeakReference<object>? weak, long bytes) in _before)
                {
                    if (weak is not null && weak.TryGetTarget(out object? value))
                    {
                        yield return (value, bytes);
                    }
                }
            }
        }

        public void Remember(ReadOnlySpan<Grown> grown, bool areCharged)
        {
            foreach (Grown one in grown.Length > Remembered ? grown[..Remembered] : grown)
            {
                long bytes = areCharged ? one.Bytes : one.OldBytes;
                _before[_next++ % Remembered] = (new WeakReference<object>(one.Entry.Value!), bytes);
            }
        }

        public bool TellsUnfinished() => TellsFirst(1);

        public bool TellsGrown() => TellsFirst(2);

        public bool TellsShared() => TellsFirst(4);

        private bool TellsFirst(int kind) =>
            (Volatile.Read(ref _told) & kind) == 0 && (Interlocked.Or(ref _told, kind) & kind) == 0;
    }
}
