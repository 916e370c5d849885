using BoundedCache.Engine;

namespace BoundedCache.Tests.Concurrency.Linearizability;

/// <summary>A sequential model, whose states are numbers of 64 bits.</summary>
internal interface IHistoryModel
{
    /// <summary>
    /// Adds the states in which an operation with this result may leave this state; none if it cannot.
    /// </summary>
    void Apply(in HistoryEvent done, ulong state, List<ulong> next);

    /// <summary>Adds the states in which an operation that has begun and not ended may leave this state.</summary>
    void Begin(in HistoryEvent begun, ulong state, List<ulong> next);
}

/// <summary>
/// The sequential model: which value each key has, with its charge, the limit and the clock. A state is one number of
/// 64 bits, so that a search can remember those that it saw.
/// </summary>
/// <remarks>
/// Where the engine may choose, the model answers every state that is allowed: any entry may be the victim of an
/// eviction, since uses that overlap have no order, and an expired entry may be removed by whoever finds it. Readers
/// take no lock, so they see entries leave one after the other that a single operation evicts (<see cref="Begin"/>).
/// </remarks>
/// <param name="deadlines">By number of value, when it expires; 0 for never.</param>
internal sealed class HistoryModel(int[] deadlines) : IHistoryModel
{
    public const int MaxKeys = 4;
    public const int MaxAmount = 5;
    public const int MaxClock = 3;
    public const int MaxLimit = 255;

    /// <summary>Numbers of values; 0 is none.</summary>
    public const int MaxIds = 1 << IdBits;

    private const int IdBits = 5;
    private const int KeyBits = 8;
    private const int LimitShift = KeyBits * MaxKeys;
    private const int ClockShift = LimitShift + 8;

    private readonly Stack<ulong> _toEvict = [];

    public static ulong Empty(int limit) => (ulong)limit << LimitShift;

    public static ulong With(ulong state, int key, int id, int charge) =>
        Without(state, key) | ((ulong)(id | (charge << IdBits)) << (key * KeyBits));

    /// <inheritdoc/>
    public void Apply(in HistoryEvent done, ulong state, List<ulong> next)
    {
        (HistoryOperation operation, int key) = (done.Operation, done.Operation.Key);
        int present = Id(state, key);
        switch (operation.Kind)
        {
            case HistoryOperationKind.Get:
                if (present != 0 && IsExpired(present, state))
                {
                    AddIf(done.Result == 0, state, next);
                    AddIf(done.Result == 0, Without(state, key), next);
                    return;
                }

                AddIf(done.Result == present, state, next);
                return;

            case HistoryOperationKind.Set:
                Set(in done, state, next);
                return;

            case HistoryOperationKind.Remove:
                AddIf((done.Result != 0) == (present != 0), Without(state, key), next);
                return;

            case HistoryOperationKind.RemoveDetails:
                next.Add(present == done.Id && done.Id != 0 ? Without(state, key) : state);
                return;

            case HistoryOperationKind.UpdateCharge:
                UpdateCharge(in done, state, next);
                return;

            case HistoryOperationKind.SetLimit:
                next.Add((state & ~((ulong)MaxLimit << LimitShift)) | ((ulong)operation.Amount << LimitShift));
                return;

            case HistoryOperationKind.EvictDownToLimit:
                Evict(state, Limit(state), spared: -1, next);
                return;

            case HistoryOperationKind.AdvanceClock:
                next.Add(Clock(state) < MaxClock ? state + (1UL << ClockShift) : state);
                return;

            case HistoryOperationKind.RemoveExpired:
                RemoveExpired(state, next);
                return;

            case HistoryOperationKind.Clear:
                next.Add(state & ~((1UL << LimitShift) - 1));
                return;

            default:
                next.Add(state);
                return;
        }
    }

    /// <remarks>One more of the entries that it evicts is gone.</remarks>
    public void Begin(in HistoryEvent begun, ulong state, List<ulong> next)
    {
        (HistoryOperation operation, int key) = (begun.Operation, begun.Operation.Key);
        bool stores = operation.Kind == HistoryOperationKind.Set
            || (operation.Kind == HistoryOperationKind.UpdateCharge && Id(state, key) == begun.Id);
        int spared = stores ? key : -1;
        bool removes = operation.Kind == HistoryOperationKind.Clear
            || (operation.Kind == HistoryOperationKind.EvictDownToLimit && Used(state) > Limit(state))
            || (stores && operation.Amount <= Limit(state) && Used(state) > Target(state, key, operation.Amount));
        for (int victim = 0; removes && victim < MaxKeys; victim++)
        {
            AddIf(victim != spared && Id(state, victim) != 0, Without(state, victim), next);
        }
    }

    private void Set(in HistoryEvent done, ulong state, List<ulong> next)
    {
        (int key, int charge) = (done.Operation.Key, done.Operation.Amount);
        if (charge > Limit(state))
        {
            AddIf(done.Result == 0, Without(state, key), next);
            return;
        }

        if (done.Result != 0)
        {
            EvictAndStore(in done, state, next);
        }
    }

    private void UpdateCharge(in HistoryEvent done, ulong state, List<ulong> next)
    {
        (int key, int charge) = (done.Operation.Key, done.Operation.Amount);
        bool isPresent = Id(state, key) == done.Id;
        switch ((ChargeUpdate)done.Result)
        {
            case ChargeUpdate.Removed:
                AddIf(isPresent && charge > Limit(state), Without(state, key), next);
                return;

            case ChargeUpdate.Updated when isPresent && charge <= Limit(state):
                EvictAndStore(in done, state, next);
                return;

            case ChargeUpdate.Outdated:
                // Also where the entry only moved, which the model does not know.
                next.Add(state);
                return;
        }
    }

    private void EvictAndStore(in HistoryEvent done, ulong state, List<ulong> next)
    {
        (int key, int charge) = (done.Operation.Key, done.Operation.Amount);
        int from = next.Count;
        Evict(state, Target(state, key, charge), spared: key, next);
        for (int i = from; i < next.Count; i++)
        {
            next[i] = With(next[i], key, done.Id, charge);
        }
    }

    /// <summary>
    /// Down to which sum an entry evicts others: for what the sum rises by, and never the entry that is replaced.
    /// </summary>
    private static int Target(ulong state, int key, int charge) =>
        Math.Max(Limit(state), Used(state)) - (charge - Charge(state, key));

    /// <summary>All ways to evict entries, one after the other, until no more than a sum is used.</summary>
    private void Evict(ulong state, int target, int spared, List<ulong> next)
    {
        int from = next.Count;
        _toEvict.Push(state);
        while (_toEvict.TryPop(out ulong current))
        {
            bool hasVictim = false;
            for (int key = 0; key < MaxKeys && Used(current) > target; key++)
            {
                if (key != spared && Id(current, key) != 0)
                {
                    hasVictim = true;
                    _toEvict.Push(Without(current, key));
                }
            }

            if (!hasVictim && next.IndexOf(current, from) < 0)
            {
                next.Add(current);
            }
        }
    }

    /// <summary>Any of the expired entries may be left: the scan looks at them one after the other.</summary>
    private void RemoveExpired(ulong state, List<ulong> next)
    {
        int from = next.Count;
        next.Add(state);
        for (int key = 0; key < MaxKeys; key++)
        {
            if (Id(state, key) is > 0 and int id && IsExpired(id, state))
            {
                for (int i = next.Count - 1; i >= from; i--)
                {
                    next.Add(Without(next[i], key));
                }
            }
        }
    }

    private static void AddIf(bool isAllowed, ulong state, List<ulong> next)
    {
        if (isAllowed)
        {
            next.Add(state);
        }
    }

    private static ulong Without(ulong state, int key) => state & ~(0xFFUL << (key * KeyBits));

    private static int Id(ulong state, int key) => (int)(state >> (key * KeyBits)) & (MaxIds - 1);

    private static int Charge(ulong state, int key) => (int)(state >> ((key * KeyBits) + IdBits)) & 7;

    private static int Limit(ulong state) => (int)(state >> LimitShift) & MaxLimit;

    private static int Clock(ulong state) => (int)(state >> ClockShift);

    private static int Used(ulong state)
    {
        int used = 0;
        for (int key = 0; key < MaxKeys; key++)
        {
            used += Charge(state, key);
        }

        return used;
    }

    private bool IsExpired(int id, ulong state) => deadlines[id] is > 0 and int deadline && Clock(state) >= deadline;
}
