using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Builder;

namespace BoundedCache.AspNetCore;

/// <summary>
/// Settings of an admin endpoint.
/// <see cref="BoundedCacheAdminEndpointRouteBuilderExtensions.MapBoundedCacheAdmin"/> checks and copies them: later
/// changes of this object have no effect.
/// </summary>
public sealed class BoundedCacheAdminOptions
{
    /// <summary>
    /// Whether requests that come directly from this machine, over loopback at both ends, are answered without
    /// authorization. Default false. Endpoints that have authorization still require it.
    /// </summary>
    /// <remarks>
    /// This trusts every user who can run a program on this machine. A proxy on the same machine makes every request
    /// from the network come from loopback. Requests that carry the headers of a proxy are refused, but not every proxy
    /// sends such headers: do not set this behind a proxy.
    /// </remarks>
    public bool AllowLoopback { get; set; }

    /// <summary>
    /// The name of the authorization policy that reading requires, including the page. Default null: only the policies
    /// that the endpoint's conventions add.
    /// </summary>
    public string? ReadPolicy { get; set; }

    /// <summary>
    /// The name of the authorization policy that changes require: limits, releases, compacting, clearing. Default null:
    /// only the policies that the endpoint's conventions add.
    /// </summary>
    public string? ChangePolicy { get; set; }

    /// <summary>
    /// Whether who may change caches also sees the beginnings of their keys, up to the first separator
    /// (<c>product:</c>). Keys can hold personal data. Default false.
    /// </summary>
    public bool ShowKeyPrefixes { get; set; }

    /// <summary>The lowest limit that may be set, in bytes. Default 1; at least 1.</summary>
    public long MinimumLimit { get; set; } = 1;

    /// <summary>
    /// The highest limit that may be set, in bytes; null (the default) for no maximum. At least
    /// <see cref="MinimumLimit"/>.
    /// </summary>
    public long? MaximumLimit { get; set; }

    /// <summary>
    /// The time between two samples of the history and of the stream. Default 1 second; from
    /// 100 milliseconds to 1 hour.
    /// </summary>
    public TimeSpan SampleInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many samples at <see cref="SampleInterval"/> the history holds, beside up to 384 coarser ones of the last
    /// day. Default 600; from 1 to 100,000. A sample takes some 100 bytes, and 100 more for each cache.
    /// </summary>
    public int HistorySamples { get; set; } = 600;

    /// <summary>
    /// How many releases, and memory reports with a collection, are allowed within a minute: each stops the process for
    /// a moment. Default 6; from 1 to 600. Changes of a limit do not count: the cache itself limits the releases that
    /// they cause. Nor do releases of byte caches, which need no collection.
    /// </summary>
    public int ReleasesPerMinute { get; set; } = 6;

    /// <summary>The clock and the sampling timer. Default: the system's.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one default.")]
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Copies all settings. Throws for the first one that is not allowed.</summary>
    internal BoundedCacheAdminOptions ValidatedCopy()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        ThrowIf(
            ReadPolicy is not null && string.IsNullOrWhiteSpace(ReadPolicy),
            nameof(ReadPolicy),
            ": expected the name of an authorization policy, or null for none, got an empty text");
        ThrowIf(
            ChangePolicy is not null && string.IsNullOrWhiteSpace(ChangePolicy),
            nameof(ChangePolicy),
            ": expected the name of an authorization policy, or null for none, got an empty text");
        ThrowIf(
            AllowLoopback && ReadPolicy is not null && ChangePolicy is null,
            nameof(ChangePolicy),
            " is not set, while ReadPolicy and AllowLoopback are: programs on this machine could then change what they "
                + "may not read. Set ChangePolicy too, or do not set AllowLoopback");
        ThrowIf(
            MinimumLimit < 1,
            nameof(MinimumLimit),
            string.Create(invariant, $": expected at least 1 byte, got {MinimumLimit}"));
        ThrowIf(
            MaximumLimit < MinimumLimit,
            nameof(MaximumLimit),
            string.Create(
                invariant,
                $": expected at least MinimumLimit, {MinimumLimit} bytes, or null for no ceiling, got {MaximumLimit}"));
        ThrowIf(
            SampleInterval < TimeSpan.FromMilliseconds(100) || SampleInterval > TimeSpan.FromHours(1),
            nameof(SampleInterval),
            $": expected from 100 milliseconds to 1 hour, got {SampleInterval}");
        ThrowIf(
            HistorySamples is < 1 or > 100_000,
            nameof(HistorySamples),
            string.Create(invariant, $": expected from 1 to 100000, got {HistorySamples}"));
        ThrowIf(
            ReleasesPerMinute is < 1 or > 600,
            nameof(ReleasesPerMinute),
            string.Create(invariant, $": expected from 1 to 600, got {ReleasesPerMinute}"));
        ThrowIf(TimeProvider is null, nameof(TimeProvider), ": expected a clock, got null");
        return (BoundedCacheAdminOptions)MemberwiseClone();
    }

    private static void ThrowIf(bool isFault, string option, string fault)
    {
        if (isFault)
        {
            throw new ArgumentException($"{nameof(BoundedCacheAdminOptions)}.{option}{fault}.", option);
        }
    }
}
