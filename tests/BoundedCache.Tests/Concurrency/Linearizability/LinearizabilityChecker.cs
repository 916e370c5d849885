namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>
/// Looks for an order of a history's operations that the sequential model allows and in which no operation comes before
/// one that had ended when it began (Wing and Gong 1993, with the memory of Lowe 2017). If there is none, the history
/// is not linearizable.
/// </summary>
internal sealed class LinearizabilityChecker
{
    private readonly HashSet<(ulong Done, ulong State)> _seen = [];
    private readonly Stack<(ulong Done, ulong State)> _open = [];
    private readonly List<ulong> _next = [];

    /// <param name="model">The sequential model.</param>
    /// <param name="initial">Its state before the history.</param>
    /// <param name="history">At most 64 operations, in any order.</param>
    public bool IsLinearizable(IHistoryModel model, ulong initial, IReadOnlyList<HistoryEvent> history)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(history.Count, 64);
        ulong all = history.Count == 64 ? ulong.MaxValue : (1UL << history.Count) - 1;
        _seen.Clear();
        _open.Clear();
        _open.Push((0, initial));
        while (_open.TryPop(out (ulong Done, ulong State) at))
        {
            if (at.Done == all)
            {
                return true;
            }

            // Whatever began after the first of the others ended must come after that one.
            long firstEnd = long.MaxValue;
            for (int i = 0; i < history.Count; i++)
            {
                if ((at.Done & (1UL << i)) == 0)
                {
                    firstEnd = Math.Min(firstEnd, history[i].Ended);
                }
            }

            for (int i = 0; i < history.Count; i++)
            {
                if ((at.Done & (1UL << i)) == 0 && history[i].Began < firstEnd)
                {
                    _next.Clear();
                    model.Apply(history[i], at.State, _next);
                    Open(at.Done | (1UL << i));
                    _next.Clear();
                    model.Begin(history[i], at.State, _next);
                    Open(at.Done);
                }
            }
        }

        return false;
    }

    private void Open(ulong done)
    {
        foreach (ulong state in _next)
        {
            if (_seen.Add((done, state)))
            {
                _open.Push((done, state));
            }
        }
    }
}
