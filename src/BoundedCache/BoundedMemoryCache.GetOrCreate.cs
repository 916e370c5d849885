using BoundedCache.Entries;
using Microsoft.Extensions.Caching.Memory;

namespace BoundedCache;

/// <summary>
/// Makes values that are missing, by one factory a key at a time. On a variable of this class these methods come before
/// the extension methods of <see cref="IMemoryCache"/> with the same names, whose factories run once for each caller
/// that misses.
/// </summary>
public sealed partial class BoundedMemoryCache
{
    /// <summary>Answers the value of a key, or makes and stores it.</summary>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. Runs on the thread of
    /// the caller that came first.
    /// </param>
    /// <param name="createOptions">
    /// What the entry has unless the factory sets it; null for the defaults. The options of the caller that came first
    /// count.
    /// </param>
    /// <returns>The value, which may be null.</returns>
    /// <remarks>
    /// <para>One factory runs for a key at a time. Who asks for the key meanwhile, by this method or by
    /// <c>GetOrCreateAsync</c>, waits for its result; here the thread is blocked. A failure of the factory, or of
    /// storing its result, reaches all who wait, and nothing is stored.</para>
    /// <para>A removal of the key, or another write to it, or <see cref="Clear"/>, wins over a factory that runs: who
    /// waits gets the factory's result, but it is not stored, and who asks later runs another factory at once. The
    /// entry's eviction callbacks are told, as if it had been stored before. <see cref="Compact"/> and evictions do not
    /// touch factories that run.</para>
    /// <para>A factory may ask for other keys, of any cache. One that asks for its own key, also by way of other
    /// factories, gets an <see cref="InvalidOperationException"/>, and so does one of several factories that wait for
    /// each other. Code that a factory started without waiting for it counts as the factory until that has
    /// ended; eviction callbacks do not.</para>
    /// <para>When the cache is disposed, all who wait get an <see cref="ObjectDisposedException"/>.</para>
    /// </remarks>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="key"/> or <paramref name="factory"/> is null.
    /// </exception>
    /// <exception cref="InvalidCastException">
    /// The value is no <typeparamref name="TItem"/>. A null that should be a struct throws
    /// <see cref="NullReferenceException"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Factories would wait for each other; or the cache counts declared sizes, and the entry has none.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed, or was while this waited.</exception>
    public TItem? GetOrCreate<TItem>(
        object key, Func<ICacheEntry, TItem> factory, MemoryCacheEntryOptions? createOptions = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        while (true)
        {
            if (TryGetValue(key, out object? value))
            {
                return (TItem?)value;
            }

            Flight flight = Board(key, out bool runs, out bool waits);
            try
            {
                using FlightWait wait = FlightWait.Begin(flight, runs);
                if (runs)
                {
                    Run(flight, factory, createOptions);
                }

                if (waits)
                {
                    value = flight.Result.GetAwaiter().GetResult();
                    return (TItem?)Take(flight, value, runs);
                }

                // Its factory was told to stop. One at a time: the next one begins when it has ended.
                Task.WaitAny(flight.Result);
            }
            finally
            {
                Leave(flight, waits);
            }
        }
    }

    /// <summary>Answers the value of a key, or makes and stores it.</summary>
    /// <remarks>
    /// Factories, failures, removals and disposal are treated as in
    /// <see cref="GetOrCreate{TItem}(object, Func{ICacheEntry, TItem}, MemoryCacheEntryOptions?)"/>, but no thread is
    /// blocked while the caller waits.
    /// </remarks>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. It begins on the
    /// thread of the caller that came first, in its execution context.
    /// </param>
    /// <param name="createOptions">
    /// What the entry has unless the factory sets it; null for the defaults. The options of the caller that came first
    /// count.
    /// </param>
    /// <returns>The value, which may be null.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="key"/> or <paramref name="factory"/> is null.
    /// </exception>
    /// <exception cref="InvalidCastException">
    /// The value is no <typeparamref name="TItem"/>. A null that should be a struct throws
    /// <see cref="NullReferenceException"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Factories would wait for each other; or the cache counts declared sizes, and the entry has none.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed, or was while this waited.</exception>
    public async Task<TItem?> GetOrCreateAsync<TItem>(
        object key, Func<ICacheEntry, Task<TItem>> factory, MemoryCacheEntryOptions? createOptions = null)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return TryGetValue(key, out object? value)
            ? (TItem?)value
            : await CreateAsync<TItem>(key, (entry, _) => factory(entry), createOptions, CancellationToken.None)
                .ConfigureAwait(false);
    }

    /// <summary>Answers the value of a key, or makes and stores it. A hit allocates nothing.</summary>
    /// <remarks>
    /// Factories, failures, removals and disposal are treated as in
    /// <see cref="GetOrCreate{TItem}(object, Func{ICacheEntry, TItem}, MemoryCacheEntryOptions?)"/>, but no thread is
    /// blocked while the caller waits.
    /// </remarks>
    /// <typeparam name="TItem">The type of the value; one that is a struct is boxed.</typeparam>
    /// <param name="key">The key.</param>
    /// <param name="factory">
    /// Makes the value, and may set the entry's expiration, priority, size, tokens and callbacks. It begins on the
    /// thread of the caller that came first, in its execution context. Its token is cancelled when no caller waits any
    /// more; until the factory has ended, nobody starts another for the key.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends this caller's wait only. A value that is stored already is answered all the same.
    /// </param>
    /// <returns>The value, which may be null.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="key"/> or <paramref name="factory"/> is null.
    /// </exception>
    /// <exception cref="InvalidCastException">
    /// The value is no <typeparamref name="TItem"/>. A null that should be a struct throws
    /// <see cref="NullReferenceException"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Factories would wait for each other; or the cache counts declared sizes, and the entry has none.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The cache is disposed, or was while this waited.</exception>
    public ValueTask<TItem?> GetOrCreateAsync<TItem>(
        object key,
        Func<ICacheEntry, CancellationToken, Task<TItem>> factory,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (TryGetValue(key, out object? value))
        {
            return value is TItem item ? new ValueTask<TItem?>(item) : Convert<TItem>(value);
        }

        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<TItem?>(cancellationToken)
            : new ValueTask<TItem?>(CreateAsync(key, factory, cancellationToken));
    }

    /// <summary>A value that is null or of another type than the caller wants.</summary>
    private static ValueTask<TItem?> Convert<TItem>(object? value)
    {
        try
        {
            return new ValueTask<TItem?>((TItem?)value);
        }
        catch (Exception failure) when (failure is InvalidCastException or NullReferenceException)
        {
            return ValueTask.FromException<TItem?>(failure);
        }
    }
}
