using BoundedCache.Release;
using BoundedCache.Tests.Process;
using static BoundedCache.Tests.Process.FakeProcess;

namespace BoundedCache.Tests.Release;

/// <summary>When a release asks the native allocator, and what it says of the answer.</summary>
public sealed class NativeTrimTests
{
    /// <summary>So long that a machine which stalls is not taken for finalizers that do not finish.</summary>
    private static readonly ReleaseThresholds s_limits =
        new() { Finalizers = TimeSpan.FromSeconds(30), CallbackPatience = TimeSpan.FromSeconds(30) };

    private readonly FakeProcess _process = new() { NativeBytes = 900 * MiB, NativeFreeBytes = 880 * MiB };

    private Task<ReleaseResult> Release(bool trimNative) => new MemoryReleaser(_process.Memory, s_limits).ReleaseAsync(
        new ReleaseRequest { ExpectedBytes = 0, Forced = true, TrimNative = trimNative }, CancellationToken.None);

    [Fact]
    public async Task The_allocator_is_not_asked_unless_that_is_allowed()
    {
        Assert.Equal(940 * MiB, (await Release(trimNative: false)).After.AnonymousBytes);
    }

    [Fact]
    public async Task What_the_allocator_gave_back_is_told()
    {
        ReleaseResult result = await Release(trimNative: true);

        Assert.Equal(60 * MiB, result.After.AnonymousBytes);
        Assert.Contains("The native allocator gave back 880 MiB", result.Reason, StringComparison.Ordinal);
        Assert.Empty(result.Advice);
    }

    [Fact]
    public async Task An_allocator_that_cannot_be_asked_is_told()
    {
        _process.NativeFreeBytes = null;

        ReleaseResult result = await Release(trimNative: true);

        Assert.Contains(result.Advice, static advice =>
            advice.Contains("TrimNativeMemory has no effect here", StringComparison.Ordinal));
        Assert.Equal(ReleaseOutcome.Released, result.Outcome);
    }

    [Fact]
    public async Task Where_little_is_native_the_allocator_is_left_alone()
    {
        _process.NativeBytes = 10 * MiB;
        _process.NativeFreeBytes = 9 * MiB;

        Assert.Equal(50 * MiB, (await Release(trimNative: true)).After.AnonymousBytes);
    }
}
