namespace BoundedCache.Bytes;

/// <summary>
/// Memory that goes back to the system: by one thread at a time, in steps, without the engine's lock.
/// </summary>
internal sealed unsafe partial class ByteEngine
{
    private const int OwedExcess = 1;
    private const int OwedAll = 2;

    private readonly Lock _giveBackLock = new();

    /// <summary>What others left to the thread that gives back.</summary>
    private int _owedGiveBack;

    /// <summary>Gives free slabs back to the system. Waits for another thread that does.</summary>
    /// <param name="all">Whether none is kept for the next writes.</param>
    /// <returns>Bytes that went back.</returns>
    public long GiveBack(bool all)
    {
        try
        {
            using (_giveBackLock.EnterScope())
            {
                return GiveBack(_pool, all) + GiveBack(_largePool, all);
            }
        }
        finally
        {
            GiveBackOwed();
        }
    }

    /// <summary>The same for a thread that must not wait: one that gives back meanwhile does it afterwards.</summary>
    private void GiveBackSoon(bool all)
    {
        if (all || _pool.HasExcess || _largePool.HasExcess)
        {
            Interlocked.Or(ref _owedGiveBack, all ? OwedAll : OwedExcess);
            GiveBackOwed();
        }
    }

    /// <remarks>
    /// Who gave back looks here after it let the lock go, and who owes looks for the lock after it noted that: one of
    /// them sees the other.
    /// </remarks>
    private void GiveBackOwed()
    {
        while (Interlocked.CompareExchange(ref _owedGiveBack, 0, 0) != 0 && _giveBackLock.TryEnter())
        {
            int owed = Interlocked.Exchange(ref _owedGiveBack, 0);
            try
            {
                bool all = (owed & OwedAll) != 0;
                _ = GiveBack(_pool, all) + GiveBack(_largePool, all);
                owed = 0;
            }
            finally
            {
                // Of a thread that was interrupted: the next one that gives back does it.
                Interlocked.Or(ref _owedGiveBack, owed);
                _giveBackLock.Exit();
            }
        }
    }

    private long GiveBack(SlabPool pool, bool all)
    {
        if (!all && !pool.HasExcess)
        {
            return 0;
        }

        // No more than there is now, unless too much is resident: others may free slabs as fast as they go back.
        long pages = 0;
        int left;
        using (_lock.Enter())
        {
            pool.Sort();
            left = pool.Resident.Count;
        }

        for (bool goesOn = true; goesOn;)
        {
            using (_lock.EnterAfterOthers())
            {
                if ((left <= 0 && _account.Pages <= _account.LimitPages) || !pool.BeginLeaving(all))
                {
                    break;
                }

                left -= pool.LeavingCount;
            }

            // From here to the end the slabs are in no list.
            long given = pool.GiveBackLeaving();
            using (_lock.EnterAlways())
            {
                goesOn = pool.EndLeaving(given);
            }

            pages += given;
        }

        return pages * _account.PageSize;
    }
}
