using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using BoundedCache.AspNetCore.Events;
using BoundedCache.AspNetCore.History;
using BoundedCache.AspNetCore.Json;
using Microsoft.Extensions.Logging;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>
/// Changes caches. Each change is logged with the requester's name, and goes on when the requester disconnects.
/// </summary>
/// <remarks>
/// Limits are set and logged one at a time, so the last line of the log is the limit in force. That lock is not held
/// during eviction and release: an operator can lower a limit further while a gentle release runs.
/// </remarks>
[SuppressMessage(
    "Design", "CA1001", Justification = "Lives as long as the application, and the semaphore has no handle.")]
internal sealed class CacheChanges(
    OperationList operations,
    ShrinkHistory shrinks,
    ChangeHistory history,
    EventHub events,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>How often the progress of an operation is published.</summary>
    private static readonly TimeSpan s_progress = TimeSpan.FromMilliseconds(100);

    private readonly Lock _order = new();

    /// <summary>
    /// One removal at a time, so that none counts what another removed. Waiting removals hold no thread.
    /// </summary>
    private readonly SemaphoreSlim _removal = new(1);

    /// <summary>Sets a limit.</summary>
    /// <returns>The operation; null if too many are running, and nothing was changed.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public Operation? SetLimit(IBoundedCache cache, long maxBytes, ReleaseMode? mode, string who)
    {
        lock (_order)
        {
            return Start(
                cache,
                OperationKind.SetLimit,
                who,
                () => history.Change(cache.Name, () =>
                {
                    long before = cache.MaxMemory;
                    Task<ShrinkReport> report = cache.SetMaxMemoryAsync(maxBytes, mode);
                    EntrySizing sizing = cache.GetSnapshot().Sizing;
                    Log.LimitSet(logger, cache.Name, who, before, maxBytes, sizing.Unit);
                    return (report, history.Add(new ChangeView(cache.Name, ChangeKind.Limit, who)
                    {
                        Sizing = sizing,
                        OldMaxBytes = before,
                        NewMaxBytes = maxBytes,
                    }));
                }));
        }
    }

    /// <summary>Releases memory, in the cache's own mode if none is given.</summary>
    /// <returns>The operation; null if too many are running, and nothing was started.</returns>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public Operation? Release(IBoundedCache cache, ReleaseMode? mode, string who) => Start(
        cache,
        OperationKind.Release,
        who,
        () =>
        {
            Task<ShrinkReport> report = cache.ReleaseAsync(mode);
            Log.ReleaseStarted(logger, cache.Name, who, ModeText(cache, mode));
            return (report, history.Add(new ChangeView(cache.Name, ChangeKind.Release, who)
            {
                Sizing = cache.GetSnapshot().Sizing,
            }));
        });

    private static string ModeText(IBoundedCache cache, ReleaseMode? mode) =>
        cache is BoundedByteCache ? "at once, without a collection" : mode?.ToString() ?? "the cache's own mode";

    /// <summary>Removes a share of the entries.</summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public async Task<RemovalView> CompactAsync(IBoundedCache cache, double share, string who)
    {
        RemovalView view = await RemoveAsync(
            cache, () => cache.Compact(share), static totals => totals.Compact + totals.Expired);
        Log.Compacted(
            logger, cache.Name, who, share, view.EntriesRemoved, view.BytesRemoved, view.Sizing.Unit);
        Remember(view, ChangeKind.Compact, who);
        return view;
    }

    /// <summary>Removes all entries.</summary>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public async Task<RemovalView> ClearAsync(IBoundedCache cache, string who)
    {
        RemovalView view = await RemoveAsync(cache, cache.Clear, static totals => totals.Removed);
        Log.Cleared(logger, cache.Name, who, view.EntriesRemoved, view.BytesRemoved, view.Sizing.Unit);
        Remember(view, ChangeKind.Clear, who);
        return view;
    }

    private void Remember(RemovalView removal, ChangeKind kind, string who) =>
        history.Add(new ChangeView(removal.CacheName, kind, who)
        {
            Sizing = removal.Sizing,
            EntriesRemoved = removal.EntriesRemoved,
            BytesRemoved = removal.BytesRemoved,
            Outcome = "done",
        });

    private async Task<RemovalView> RemoveAsync(
        IBoundedCache cache, Action remove, Func<EvictionTotals, EntryTotals> count)
    {
        await _removal.WaitAsync();
        try
        {
            EntryTotals before = count(cache.GetSnapshot().Evictions);
            remove();
            CacheSnapshot after = cache.GetSnapshot();
            EntryTotals removed = count(after.Evictions) - before;
            return new RemovalView(
                cache.Name, after.Sizing, removed.Entries, removed.Bytes, after.UsedMemory, after.Count);
        }
        finally
        {
            _removal.Release();
        }
    }

    private Operation? Start(
        IBoundedCache cache,
        OperationKind kind,
        string who,
        Func<(Task<ShrinkReport> Report, ChangeView Record)> change)
    {
        var operation = new Operation(cache, kind, time.GetUtcNow());
        if (!operations.TryAdd(operation))
        {
            return null;
        }

        (Task<ShrinkReport> Report, ChangeView Record) started;
        try
        {
            started = change();
        }
        catch (Exception exception)
        {
            operation.Fail(exception.Message);
            throw;
        }

        _ = FollowAsync(operation, started.Report, started.Record, who);
        return operation;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever it was, the operation and the log say it.")]
    private async Task FollowAsync(Operation operation, Task<ShrinkReport> change, ChangeView record, string who)
    {
        using (StartTelling(operation))
        {
            try
            {
                ShrinkReport report = await change;
                ShrinkView view = shrinks.Note(report);
                Log.ChangeEnded(
                    logger, operation.Cache.Name, who, operation.Kind, report.OldMaxMemory, report.NewMaxMemory,
                    report.Sizing.Unit, report.Outcome, report.TotalTime.TotalMilliseconds, operation.Id);
                history.End(record, JsonNamingPolicy.CamelCase.ConvertName(report.Outcome.ToString()));
                operation.Complete(view);
            }
            catch (Exception exception)
            {
                Log.ChangeFailed(logger, operation.Cache.Name, who, operation.Kind, operation.Id, exception);
                EndRecord(operation, record);
                operation.Fail(exception.Message);
            }
        }

        Tell(operation);
    }

    /// <returns>Null where the clock, which is the application's, makes no timer: progress is not told then.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "The change goes on, and the log says what is missing.")]
    private ITimer? StartTelling(Operation operation)
    {
        try
        {
            return time.CreateTimer(_ => Tell(operation), null, TimeSpan.Zero, s_progress);
        }
        catch (Exception exception)
        {
            LogUntold(operation, exception);
            return null;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The change has ended, and the log says what is missing.")]
    private void EndRecord(Operation operation, ChangeView record)
    {
        try
        {
            history.End(record, "failed");
        }
        catch (Exception exception)
        {
            LogUntold(operation, exception);
        }
    }

    /// <summary>
    /// Tells the watchers how far an operation is. Runs on a timer: an exception would end the process.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "The cache may be user code. The log says what it threw.")]
    private void Tell(Operation operation)
    {
        try
        {
            lock (operation.Telling)
            {
                if (events.HasReaders)
                {
                    events.Publish("operation", operation.View(), AdminJsonContext.Readable.OperationView);
                }
            }
        }
        catch (Exception exception)
        {
            LogUntold(operation, exception);
        }
    }

    /// <summary>Once for each operation: its progress is told ten times a second.</summary>
    private void LogUntold(Operation operation, Exception exception)
    {
        if (operation.TryMarkUntold())
        {
            Log.ProgressFailed(logger, operation.Kind, operation.Id, exception);
        }
    }
}
