using System.ComponentModel;
using System.Text.Json;

namespace BoundedCache.AspNetCore.Changes;

/// <summary>The body of a change of a limit.</summary>
internal sealed record LimitRequest
{
    public const string Example = """{"maxMemory": "512MB", "releaseMode": "gentle"}, with releaseMode optional""";

    [Description("The new limit: a whole number of bytes, or text with a unit, \"512MB\" or \"1.5 GiB\". "
        + "Units are powers of 1024.")]
    public JsonElement MaxMemory { get; init; }

    [Description(
        "How memory is given back after lowering: full, gentle or none; left out for what the cache's options say.")]
    public string? ReleaseMode { get; init; }
}

/// <summary>The body of a release.</summary>
internal sealed record ReleaseRequest
{
    public const string Example = """{"releaseMode": "full"} or {}""";

    [Description("How: full, which is the default, or gentle.")]
    public string? ReleaseMode { get; init; }
}

/// <summary>The body of compacting.</summary>
internal sealed record CompactRequest
{
    public const string Example = """{"share": 0.25}""";

    [Description("The share of the entries to remove, above 0 and up to 1.")]
    public double? Share { get; init; }
}

/// <summary>
/// A body that says nothing. It is asked for all the same, for no form of another site can send JSON.
/// </summary>
internal sealed record EmptyRequest
{
    public const string Example = "{}";
}
