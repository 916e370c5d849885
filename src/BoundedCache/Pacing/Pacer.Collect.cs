using System.Diagnostics.CodeAnalysis;

namespace BoundedCache.Pacing;

/// <content>Runs the collections that are due. Never under the lock.</content>
internal sealed partial class Pacer
{
    private void Start(Action collect)
    {
        try
        {
            _run(() =>
            {
                try
                {
                    collect();
                    WaitForEnd();
                }
                finally
                {
                    Gate.Open();
                }
            });
        }
        catch (OutOfMemoryException)
        {
            // No memory for a thread: the runtime is about to collect by itself, and the writer that reported must not
            // fail.
        }
    }

    [SuppressMessage("ApiDesign", "RS0030", Justification = "Nobody announces the end: it is looked for.")]
    private void WaitForEnd()
    {
        while (true)
        {
            lock (_lock)
            {
                NoteCollections_NeedsLock();
                if (!_isCollecting)
                {
                    return;
                }
            }

            Thread.Sleep(s_look);
        }
    }

    private void CompactYoung()
    {
        long startedAt = _time.GetTimestamp();
        _collector.CompactYoung();
        TimeSpan taken = _time.GetElapsedTime(startedAt);
        lock (_lock)
        {
            _young.End(taken, _budget.ShareOfPauses);
        }
    }

    private static void RunOnOwnThread(Action collect) =>
        new Thread(() => collect()) { IsBackground = true, Name = "BoundedCache pacer" }.Start();
}
