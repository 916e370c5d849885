using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Hosting;

/// <summary>
/// A limit as configured: an amount of bytes, or a share of the memory available to the process. Two limits are equal
/// if they mean the same, however they are written. A share stays equal when the available memory changes.
/// </summary>
internal readonly record struct ConfiguredLimit
{
    public const string Allowed =
        "at least 1 byte, as a number of bytes (1048576), an amount with a unit (512MB, 1.5GiB), "
        + "or a share of the memory available to the process, above 0% and up to 100% (25%)";

    private readonly long _bytes;
    private readonly decimal _percent;

    private ConfiguredLimit(long bytes, decimal percent) => (_bytes, _percent) = (bytes, percent);

    /// <summary>The limit in bytes, at least 1, computed from the memory that is available now.</summary>
    public long Bytes => _percent == 0 ? _bytes : ByteSize.PercentOfAvailable(_percent);

    public static bool TryParse(string text, out ConfiguredLimit limit)
    {
        long bytes = 0;
        bool isLimit = ByteSize.TryParsePercent(text, out decimal percent)
            || (ByteSize.TryParseAmount(text, out bytes) && bytes > 0);
        limit = isLimit ? new ConfiguredLimit(bytes, percent) : default;
        return isLimit;
    }

    public override string ToString() => _percent == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{_bytes} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{_percent / 1.000000000000000000000000000000m}%");
}

/// <summary>The configuration that options were read from.</summary>
/// <param name="Limit">The configured limit; null where none is configured.</param>
/// <param name="ReloadToken">
/// A token, taken before the first setting was read: it tells whether anything may have changed since.
/// </param>
internal sealed record ConfiguredSource(ConfiguredLimit? Limit, IChangeToken ReloadToken)
{
    private static readonly ConditionalWeakTable<object, ConfiguredSource> s_sources = [];

    /// <summary>Where options were read from; null where no configuration was read.</summary>
    public static ConfiguredSource? Find(object options) =>
        s_sources.TryGetValue(options, out ConfiguredSource? source) ? source : null;

    /// <summary>Records where options were read from.</summary>
    public void AddTo(object options) => s_sources.AddOrUpdate(options, this);
}

/// <summary>A copy of the last valid option values, to find out what changed.</summary>
internal sealed class AcceptedSettings
{
    private readonly (string Name, object Value)[] _others;

    public AcceptedSettings(BoundedMemoryCacheOptions options)
        : this(
            options,
            options.MaxMemory,
            MemoryCacheSettings.All.Select(setting => (setting.Name, setting.Get(options))))
    {
    }

    public AcceptedSettings(BoundedByteCacheOptions options)
        : this(
            options,
            options.MaxMemory,
            ByteCacheSettings.All.Select(setting => (setting.Name, setting.Get(options))))
    {
    }

    private AcceptedSettings(object options, long maxMemory, IEnumerable<(string Name, object Value)> others)
    {
        Limit = ConfiguredSource.Find(options)?.Limit;
        MaxMemory = maxMemory;
        _others = [.. others];
    }

    /// <summary>The limit in the section; null where it has none.</summary>
    public ConfiguredLimit? Limit { get; }

    /// <summary>The limit in bytes after delegates have run.</summary>
    public long MaxMemory { get; }

    /// <summary>
    /// The names of options, except the limit, that differ both from the values before and from those at the start.
    /// </summary>
    public IEnumerable<string> FindChanged(AcceptedSettings before, AcceptedSettings start) => _others
        .Where((other, index) => !other.Value.Equals(before._others[index].Value)
            && !other.Value.Equals(start._others[index].Value))
        .Select(static other => other.Name);
}
