using System.Reflection;

namespace BoundedCache.Contract.Tests;

/// <summary>Every place where the caches must differ.</summary>
public static class Deviations
{
    public static readonly Deviation FullCache = new(
        "full-cache",
        "P4",
        "A full cache exists to hold what is used now: it evicts the least recently used to admit the new entry.");

    public static readonly Deviation NeverRemove = new(
        "never-remove",
        "P1",
        "The limit is a promise and a priority a preference, so such entries go last of all, but they go.");

    public static readonly Deviation MissingSize = new(
        "missing-size",
        "P4",
        "Under EntrySizing.Measured a size that is not declared is measured, so nobody is "
            + "refused for not declaring it.");

    public static readonly Deviation MeasuredSize = new(
        "measured-size",
        "P2",
        "Under EntrySizing.Measured the limit counts bytes that are really kept alive; a declared size is a floor.");

    public static readonly Deviation AlwaysLimited = new(
        "always-limited", "P1", "There is always a limit, so there is always a sum that is held against it.");

    public static readonly Deviation NoLimitOfZero = new(
        "no-limit-of-zero",
        "P1",
        "A limit of zero bytes would be a cache that only pretends; the smallest limit is one byte.");

    public static readonly Deviation CountNeverDrifts = new(
        "count-never-drifts",
        "P10",
        "Each entry is charged once and credited once, whatever happens at the same time.");

    public static readonly Deviation ScanByTimer = new(
        "scan-by-timer",
        "P2",
        "Expired entries give their bytes back within one scan interval, though nobody touches the cache.");

    public static readonly Deviation ScanFrequencyRange = new(
        "scan-frequency-range",
        "P10",
        "The interval is that of a timer, so it must be more than zero and within a timer's range (49 days).");

    public static readonly Deviation OptionsCopied = new(
        "options-copied",
        "P10",
        "Options are copied when the cache is created: settings that change under it corrupt the count. "
            + "MaxMemory is there to change the limit.");

    public static readonly Deviation DisposeEmpties = new(
        "dispose-empties",
        "P5",
        "A disposed cache lets go of its entries and of the tokens they wait for, so that their memory can go.");

    public static readonly Deviation DroppedIsCollected = new(
        "dropped-is-collected",
        "P10",
        "A cache that is dropped without Dispose is not kept alive by tokens that live on.");

    public static readonly Deviation FrozenAtCommit = new(
        "frozen-at-commit",
        "P2",
        "What an entry is charged for is frozen when it is stored: its value and its size. "
            + "And a stored entry takes nothing over from linked ones, whose builders it let go.");

    public static readonly Deviation LateExpirationCounts = new(
        "late-expiration-counts",
        "P2",
        "An entry that is told to expire after a time does so, also if it is told after it was stored.");

    public static readonly Deviation SameObjectsAreOneEntry = new(
        "same-objects-are-one-entry",
        "P2",
        "An entry without callbacks, tokens and a window has no object of its own by which it could be told from "
            + "another one with the same key, value and settings.");

    public static readonly Deviation LateTokensAreSubscribed = new(
        "late-tokens-are-subscribed",
        "P2",
        "An entry ends when its token says so, and not only when somebody asks for the entry.");

    public static readonly Deviation KeyOfLastWriter = new(
        "key-of-last-writer",
        "P2",
        "The key that was measured with the entry is the one that is kept, not the equal "
            + "key of the entry it replaced.");

    public static readonly Deviation FailingSubscription = new(
        "failing-subscription",
        "P10",
        "An entry whose token cannot be subscribed to would outlive its token, so it is not stored.");

    public static readonly Deviation FailingUnsubscription = new(
        "failing-unsubscription",
        "P10",
        "What a token throws when it is let go is logged: whoever removes an entry did nothing wrong, "
            + "and its callbacks must run.");

    public static readonly Deviation FailingTokenInBulk = new(
        "failing-token-in-bulk",
        "P10",
        "A token that throws is logged, and stops neither Compact nor the scan from removing the others.");

    public static readonly Deviation UndefinedPriority = new(
        "undefined-priority",
        "P10",
        "A priority that does not exist counts as Normal, so that it cannot break a later eviction.");

    public static readonly Deviation EndOfTime = new(
        "end-of-time",
        "P10",
        "A relative expiration beyond the last date there is means never, instead of losing the entry.");

    public static readonly Deviation KeysAreOfNow = new(
        "keys-are-of-now",
        "P5",
        "What was cleared is let go of, so keys are those at the time when their enumeration begins.");

    public static readonly Deviation LargestSize = new(
        "largest-size", "P10",
        "A size beyond a quarter of an exbibyte counts as that, so that no sum of sizes overflows.");

    public static readonly Deviation ClockPutBack = new(
        "clock-put-back",
        "P10",
        "Of readers at the same time the latest counts, in whatever order they arrive, "
            + "so a use never shortens a sliding window.");

    public static readonly Deviation NullString = new(
        "null-string",
        "P10",
        "A null key is a fault of the caller, and must not find the value of the empty key.");

    public static IReadOnlyList<Deviation> All { get; } =
    [
        .. typeof(Deviations)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => field.GetValue(null))
            .OfType<Deviation>(),
    ];
}
