using System.Numerics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache.Engine;

/// <summary>Which entry is evicted next.</summary>
internal partial class ScanResistantOrder<TEntries>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int NextVictim(CacheItemPriority highest, int spared, ref int steps)
    {
        for (int priority = 0; priority <= (int)highest; priority++)
        {
            int small = priority * 2;
            int main = small + 1;
            for (int step = 1; (_totals.Used[small] | _totals.Used[main]) != 0; step++)
            {
                bool fromSmall = IsSmallDue(small);
                int victim = Oldest(fromSmall ? small : main, spared);
                if (victim == None)
                {
                    fromSmall = !fromSmall;
                    victim = Oldest(fromSmall ? small : main, spared);
                    if (victim == None)
                    {
                        break;
                    }
                }

                steps--;
                byte mark = _store.Mark(victim);
                if (mark == 0 || step >= MaxSteps)
                {
                    return victim;
                }

                _store.SetMark(victim, fromSmall ? (byte)0 : (byte)(mark - 1));
                ref OrderNode node = ref _store.Node(victim);
                Remove(victim, ref node);
                node.IsMain = true;
                AddToHead(victim, ref node);
            }
        }

        return None;
    }

    public override int Last(CacheItemPriority highest)
    {
        for (int queue = 0; queue < ((int)highest + 1) * 2; queue++)
        {
            if (_totals.Used[queue] != 0)
            {
                return _lists[(queue * Classes) + BitOperations.TrailingZeroCount(_totals.Used[queue])].Tail;
            }
        }

        return None;
    }

    /// <remarks>
    /// Takes some from each list of the queue that gives, or of both where they take turns: which of them go depends on
    /// their marks.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Foresee(Span<int> victims, long bytes, CacheItemPriority highest)
    {
        int steps = 0;
        for (int priority = 0; priority <= (int)highest; priority++)
        {
            int small = priority * 2;
            uint used = _totals.Used[small] | _totals.Used[small + 1];
            if (used == 0)
            {
                continue;
            }

            int due = IsSmallDue(small) ? small : small + 1;
            int first = Oldest(due, None);
            if (first == None || bytes <= _store.Node(first).Charge)
            {
                return 0;
            }

            bool staysDue = StaysDue(small, Math.Min(bytes, victims.Length * _store.Node(first).Charge));
            (int from, int to) = staysDue ? (due, due) : (small, small + 1);
            int lists = BitOperations.PopCount(_totals.Used[from])
                + (staysDue ? 0 : BitOperations.PopCount(_totals.Used[to]));
            int most = Math.Max(1, victims.Length / lists);
            for (int queue = from; queue <= to; queue++)
            {
                for (uint classes = _totals.Used[queue]; classes != 0; classes &= classes - 1)
                {
                    int index = _lists[(queue * Classes) + BitOperations.TrailingZeroCount(classes)].Tail;
                    long wanted = bytes;
                    for (int i = 0; i < most && steps < victims.Length && index != None && wanted > 0; i++)
                    {
                        victims[steps++] = index;
                        ref OrderNode node = ref _store.Node(index);
                        wanted -= node.Charge;
                        index = node.Newer;
                    }
                }
            }

            break;
        }

        return steps;
    }

    public override IEnumerable<OrderedList> Lists()
    {
        for (int i = 0; i < _lists.Length; i++)
        {
            int queue = i / Classes;
            yield return new OrderedList(
                (CacheItemPriority)(queue / 2), queue % 2 == 1, i % Classes, _lists[i].Head, _lists[i].Tail);
        }
    }

    public override string? FindFault()
    {
        for (int queue = 0; queue < Queues; queue++)
        {
            long bytes = 0;
            for (int place = 0; place < Classes; place++)
            {
                ref ScanList list = ref _lists[(queue * Classes) + place];
                string name = $"class {place} of queue {queue}";
                if ((list.Tail == None) == ((_totals.Used[queue] & (1u << place)) != 0))
                {
                    return $"{name} is noted as empty or not, and is the other";
                }

                uint at = (uint)list.TailAt;
                for (int index = list.Tail; index != None; index = _store.Node(index).Newer)
                {
                    ref OrderNode node = ref _store.Node(index);
                    bytes += BytesOf(node.Charge);
                    if (index == list.Tail && list.TailWeight != Weight(node.Charge))
                    {
                        return $"the tail {index} of {name} weighs {Weight(node.Charge)}, noted {list.TailWeight}";
                    }

                    uint queuedAt = _store.QueuedAt(index);
                    if ((index == list.Tail && at != queuedAt) || queuedAt - at > int.MaxValue)
                    {
                        return $"slot {index} of {name} was queued at {queuedAt}, the one before at {at}";
                    }

                    at = queuedAt;
                    if (ClassOf(node.Charge) != place || QueueOf(in node) != queue)
                    {
                        return $"slot {index} with a charge of {node.Charge} is in {name}";
                    }

                    if (_store.Mark(index) > Slot.MaxMark)
                    {
                        return $"slot {index} has a mark of {_store.Mark(index)}";
                    }
                }
            }

            if (bytes != _totals.Bytes[queue])
            {
                return $"queue {queue} has {bytes} bytes, noted {_totals.Bytes[queue]}";
            }
        }

        return _ghosts.FindFault();
    }

    /// <summary>Whether the next victim comes from the small queue of a priority.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsSmallDue(int small)
    {
        (long inSmall, long inMain) = (_totals.Bytes[small], _totals.Bytes[small + 1]);
        return _totals.Used[small] != 0
            && (_totals.Used[small + 1] == 0 || inSmall > _ghosts.SmallShare * (inSmall + inMain));
    }

    /// <summary>Whether all of so many bytes are to come from the queue that gives now.</summary>
    private bool StaysDue(int small, long bytes)
    {
        (long inSmall, long inMain) = (_totals.Bytes[small], _totals.Bytes[small + 1]);
        return Math.Abs(inSmall - (_ghosts.SmallShare * (inSmall + inMain))) >= bytes;
    }

    /// <summary>
    /// Of the oldest entries of a queue's classes the one that is worth least for its bytes, or
    /// <see cref="EvictionOrder.None"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Oldest(int queue, int spared)
    {
        uint classes = _totals.Used[queue];
        int first = queue * Classes;
        if (BitOperations.IsPow2(classes))
        {
            int only = _lists[first + BitOperations.TrailingZeroCount(classes)].Tail;
            return only == spared ? _store.Node(only).Newer : only;
        }

        double best = -1;
        int oldest = None;
        for (; classes != 0; classes &= classes - 1)
        {
            ref ScanList list = ref _lists[first + BitOperations.TrailingZeroCount(classes)];
            (int index, long queuedAt, double weight) = (list.Tail, list.TailAt, list.TailWeight);
            if (index == spared)
            {
                index = _store.Node(spared).Newer;
                if (index == None)
                {
                    continue;
                }

                queuedAt = TimeOfNewer(in list, spared, index);
                weight = Weight(_store.Node(index).Charge);
            }

            double worth = weight * (_totals.Now - queuedAt + 1);
            if (worth > best)
            {
                (best, oldest) = (worth, index);
            }
        }

        return oldest;
    }
}
