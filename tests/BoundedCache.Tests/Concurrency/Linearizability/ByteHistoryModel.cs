namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>
/// The sequential model of a byte cache: which value each key has, when it expires, and the clock.
/// </summary>
/// <remarks>
/// Sizes are pages and blocks, which the model does not know. So there are two kinds of histories: those in which
/// everything fits and nothing may be missing, and those in which a write or a lowered limit may evict anything.
/// </remarks>
/// <param name="windows">By number of value, the sliding window in ticks; 0 for none.</param>
/// <param name="deadlines">By number of value, when it expires unless it slides; 0 for never.</param>
/// <param name="evicts">Whether the limit is so tight that entries are evicted.</param>
internal sealed class ByteHistoryModel(int[] windows, int[] deadlines, bool evicts) : IHistoryModel
{
    private const int IdBits = 5;
    private const int KeyBits = 8;
    private const int ClockShift = KeyBits * HistoryModel.MaxKeys;

    /// <summary>Puts a value into a state.</summary>
    public static ulong With(ulong state, int key, int id, int deadline) =>
        Without(state, key) | ((ulong)(id | (deadline << IdBits)) << (key * KeyBits));

    /// <inheritdoc/>
    public void Apply(in HistoryEvent done, ulong state, List<ulong> next)
    {
        (HistoryOperation operation, int key) = (done.Operation, done.Operation.Key);
        int live = Live(state, key);
        switch (operation.Kind)
        {
            case HistoryOperationKind.Get:
                AddIf(done.Result == live, Use(state, key, live), next);
                return;

            case HistoryOperationKind.Refresh:
                AddIf((done.Result != 0) == (live != 0), Use(state, key, live), next);
                return;

            case HistoryOperationKind.Set:
                AddIf(done.Result != 0, With(state, key, done.Id, deadlines[done.Id]), next);
                AddIf(done.Result == 0 && evicts, Without(state, key), next);
                return;

            case HistoryOperationKind.Remove:
                AddIf((done.Result != 0) == (live != 0), Without(state, key), next);
                return;

            case HistoryOperationKind.AdvanceClock:
                next.Add(Clock(state) < HistoryModel.MaxClock ? state + (1UL << ClockShift) : state);
                return;

            case HistoryOperationKind.Clear:
                next.Add(state & ~((1UL << ClockShift) - 1));
                return;

            default:
                next.Add(state);
                return;
        }
    }

    /// <remarks>One more of the entries that it evicts is gone, also the one that it replaces.</remarks>
    public void Begin(in HistoryEvent begun, ulong state, List<ulong> next)
    {
        bool removes = begun.Operation.Kind == HistoryOperationKind.Clear || (evicts && begun.Operation.Kind
            is HistoryOperationKind.Set or HistoryOperationKind.SetLimit or HistoryOperationKind.AddFillers);
        for (int key = 0; removes && key < HistoryModel.MaxKeys; key++)
        {
            AddIf(Id(state, key) != 0, Without(state, key), next);
        }
    }

    private ulong Use(ulong state, int key, int live) => live == 0 || windows[live] == 0
        ? state
        : With(state, key, live, Clock(state) + windows[live]);

    private static void AddIf(bool isAllowed, ulong state, List<ulong> next)
    {
        if (isAllowed)
        {
            next.Add(state);
        }
    }

    private static ulong Without(ulong state, int key) => state & ~(0xFFUL << (key * KeyBits));

    private static int Id(ulong state, int key) => (int)(state >> (key * KeyBits)) & (HistoryModel.MaxIds - 1);

    private static int Clock(ulong state) => (int)(state >> ClockShift);

    /// <summary>The value of a key that has not expired; 0 for none.</summary>
    private static int Live(ulong state, int key)
    {
        int deadline = (int)(state >> ((key * KeyBits) + IdBits)) & 7;
        return deadline != 0 && Clock(state) >= deadline ? 0 : Id(state, key);
    }
}
