namespace BoundedCache.Examples.Tests.TwoTier;

/// <summary>Waits for a condition.</summary>
internal static class Until
{
    /// <summary>After this time a condition counts as one that never comes true.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <param name="what">The condition in words, for the message.</param>
    /// <param name="holds">Whether it is true by now.</param>
    /// <param name="state">What to say about a condition that never came true.</param>
    /// <param name="deadline">How long it may take; without it <see cref="Deadline"/>.</param>
    public static async Task HoldsAsync(
        string what, Func<Task<bool>> holds, Func<string>? state = null, TimeSpan? deadline = null)
    {
        TimeSpan within = deadline ?? Deadline;
        using var limit = new CancellationTokenSource(within);
        while (!await holds())
        {
            Assert.False(
                limit.IsCancellationRequested, $"Expected within {within.TotalSeconds} s: {what}. {state?.Invoke()}");
            await Task.Delay(10, CancellationToken.None);
        }
    }
}
