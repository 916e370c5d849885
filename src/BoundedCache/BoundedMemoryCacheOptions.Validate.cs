using System.Globalization;

namespace BoundedCache;

/// <summary>What settings may be.</summary>
public sealed partial class BoundedMemoryCacheOptions
{
    /// <summary>Whether a time is allowed between idle releases.</summary>
    internal static bool IsIdleReleaseInterval(TimeSpan time) =>
        time >= TimeSpan.FromSeconds(10) && time <= TimeSpan.FromDays(24);

    /// <summary>
    /// Throws for the first setting that is out of range, saying its name, its value and what is allowed.
    /// </summary>
    internal void Validate()
    {
        if (FindFaults().FirstOrDefault() is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>All settings that are out of range, each with its name, its value and what is allowed.</summary>
    internal IEnumerable<ArgumentException> FindFaults()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return new ArgumentException(
                "BoundedMemoryCacheOptions.Name is empty; give the cache a name.", nameof(Name));
        }

        if (MaxMemory < 1)
        {
            yield return OutOfRange(nameof(MaxMemory), "at least 1 byte", MaxMemory);
        }

        if (!Enum.IsDefined(Sizing))
        {
            yield return OutOfRange(nameof(Sizing), "Measured or Declared", Sizing);
        }

        if (!Enum.IsDefined(EvictionPolicy))
        {
            yield return OutOfRange(nameof(EvictionPolicy), "LeastRecentlyUsed or ScanResistant", EvictionPolicy);
        }

        if (!Enum.IsDefined(ReleaseMode))
        {
            yield return OutOfRange(nameof(ReleaseMode), "None, Gentle or Full", ReleaseMode);
        }

        if (IdleReleaseInterval is TimeSpan idle && !IsIdleReleaseInterval(idle))
        {
            yield return OutOfRange(
                nameof(IdleReleaseInterval), "null, for no idle releases, or from 10 seconds to 24 days", idle);
        }

        if (IdleReleaseMinimumBytes < 1)
        {
            yield return OutOfRange(nameof(IdleReleaseMinimumBytes), "at least 1 byte", IdleReleaseMinimumBytes);
        }

        if (!(PacingShare >= 0 && PacingShare <= 1))
        {
            yield return OutOfRange(
                nameof(PacingShare), "a number from 0 (no pacing) to 1 (the whole limit)", PacingShare);
        }

        if (_minMemory < 0)
        {
            yield return OutOfRange(nameof(MinMemory), "at least 0 bytes", _minMemory.Value);
        }

        if (!(MemoryReserve >= LeastReserve && MemoryReserve <= LargestReserve))
        {
            yield return OutOfRange(
                nameof(MemoryReserve), "a number from 0.01 to 0.5 (half of the limit)", MemoryReserve);
        }

        if (!(AuditShare >= 0 && AuditShare <= 1))
        {
            yield return OutOfRange(
                nameof(AuditShare), "a number from 0 (never) to 1 (a whole processor)", AuditShare);
        }

        if (TimeProvider is null)
        {
            yield return new ArgumentException(
                "BoundedMemoryCacheOptions.TimeProvider is null; leave the default or set a clock.",
                nameof(TimeProvider));
        }

        if (ExpirationScanFrequency <= TimeSpan.Zero || ExpirationScanFrequency > LongestScanInterval)
        {
            yield return OutOfRange(
                nameof(ExpirationScanFrequency), "more than zero and at most 49 days", ExpirationScanFrequency);
        }
    }

    private static ArgumentOutOfRangeException OutOfRange(string option, string expected, object actual) => new(
        option,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{nameof(BoundedMemoryCacheOptions)}.{option}: expected {expected}, got {actual}."));
}
