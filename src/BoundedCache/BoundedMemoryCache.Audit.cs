using BoundedCache.Entries;
using BoundedCache.Release;

namespace BoundedCache;

/// <summary>Values that change, or are finished, after they were stored.</summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>The time for measuring values again before a shrink is concluded.</summary>
    private static readonly TimeSpan s_reexamination = TimeSpan.FromMilliseconds(300);

    /// <inheritdoc/>
    AuditTotals ILiveCache.AuditTotals => _audit?.Totals ?? default;

    /// <inheritdoc/>
    Reexamination ILiveCache.Reexamine(TimeSpan budget) => _audit?.Reexamine(budget, charges: false) ?? default;

    /// <inheritdoc/>
    UnfollowedValues ILiveCache.FindUnfollowed(TimeSpan budget) => _audit?.FindUnfollowed(budget) ?? default;

    int ShrinkOperation.ICache.UncertainEntries => _audit is null ? 0 : _engine.ChangingCount + _engine.UnfinishedCount;

    void ShrinkOperation.ICache.Reexamine() => _audit?.Reexamine(s_reexamination, charges: true);

    private CacheAudit? MakeAudit(BoundedMemoryCacheOptions options, Auditor auditor) =>
        _sizing != EntrySizing.Measured ? null : new CacheAudit(new AuditSetup
        {
            CacheName = Name,
            Engine = _engine,
            Logger = _logger,
            Auditor = auditor,
            Share = options.AuditShare,
            OnlyReports = options.AuditOnlyReports,
            SizedTypes = options.Sizers.Count == 0 ? null : [.. options.Sizers.Keys],
            Charge = ChargeOf,
            Pace = Pace,
        });
}
