using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace BoundedCache.Tool;

/// <summary>
/// A part of what a service answered. Everything of it is read here: where a member is not there, or is of another
/// kind, what answered is no admin API, or one of another version, and that is said with
/// <see cref="ExitCode.NoAnswer"/>.
/// </summary>
internal readonly record struct Answer
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    private readonly Uri _service;
    private readonly string _path;
    private readonly JsonNode? _node;

    private Answer(Uri service, string path, JsonNode? node, bool mayBeDone) =>
        (_service, _path, _node, MayBeDone) = (service, path, node, mayBeDone);

    /// <summary>Whether it answers a change: one that cannot be read may have been made all the same.</summary>
    public bool MayBeDone { get; init; }

    /// <summary>Whether it is not there, or null.</summary>
    public bool IsMissing => _node is null;

    public string Text => Read<string>();

    public string? TextOrNull => IsMissing ? null : Read<string>();

    public long Number => Read<long>();

    public long? NumberOrNull => IsMissing ? null : Read<long>();

    public double Fraction => Read<double>();

    public bool IsTrue => Read<bool>();

    public DateTimeOffset Time => Read<DateTimeOffset>();

    public IReadOnlyList<Answer> Items
    {
        get
        {
            (Uri service, string path, bool mayBeDone) = (_service, _path, MayBeDone);
            return _node is JsonArray items
                ? [.. items.Select((item, i) => new Answer(service, $"{path}[{i}]", item, mayBeDone))]
                : throw Unexpected();
        }
    }

    /// <summary>A member, which may be missing.</summary>
    public Answer this[string member] => _node is JsonObject node
        ? new Answer(_service, _path.Length == 0 ? member : $"{_path}.{member}", node[member], MayBeDone)
        : throw Unexpected();

    /// <summary>Reads what a service sent.</summary>
    /// <exception cref="ToolException">It is no JSON.</exception>
    public static Answer Parse(Uri service, string text, bool mayBeDone) =>
        TryParse(text, out JsonNode? node)
            ? new Answer(service, "", node, mayBeDone)
            : throw NoApi(service, "something that is no JSON", mayBeDone);

    /// <summary>The explanation in an answer that refuses; null where it has none, as a proxy's page.</summary>
    public static string? DetailOf(string text) =>
        TryParse(text, out JsonNode? node) && node is JsonObject problem
        && problem["detail"] is JsonValue value && TryRead(value, out string? detail)
            ? detail
            : null;

    /// <summary>The same, if it has this member.</summary>
    /// <exception cref="ToolException">It has not.</exception>
    public Answer With(string member) => this[member].IsMissing ? throw this[member].Unexpected() : this;

    /// <summary>A copy of the JSON.</summary>
    public JsonNode? ToJson() => _node?.DeepClone();

    /// <summary>A value as it is written in a line of CSV; empty where it is missing.</summary>
    public string ToCsv() => Csv(_node?.ToString() ?? "");

    /// <summary>A text as it is written in a line of CSV.</summary>
    public static string Csv(string value) => value.AsSpan().IndexOfAny(",\"\r\n") < 0
        ? value
        : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static bool TryParse(string text, out JsonNode? node)
    {
        try
        {
            node = JsonNode.Parse(text, documentOptions: s_strict);
            return true;
        }
        catch (JsonException)
        {
            node = null;
            return false;
        }
    }

    private static ToolException NoApi(Uri service, string got, bool mayBeDone) => new(
        ExitCode.NoAnswer,
        $"{service}: expected the admin API, got {got}. The address is that of the admin page, such as "
            + "http://127.0.0.1:5000/admin/cache. The service may also use another version of BoundedCache.")
    {
        MayBeDone = mayBeDone,
    };

    private T Read<T>() => _node is JsonValue value && TryRead(value, out T? read) ? read : throw Unexpected();

    private static bool TryRead<T>(JsonValue value, [NotNullWhen(true)] out T? read)
    {
        try
        {
            return value.TryGetValue(out read) && read is not null;
        }
        catch (InvalidOperationException)
        {
            // Half a character, such as "\ud800": JSON, but no text.
            read = default;
            return false;
        }
    }

    private ToolException Unexpected() => NoApi(
        _service,
        _path.Length == 0 ? "JSON that is no object"
            : IsMissing ? $"an answer without '{_path}'"
            : $"an answer with another kind of '{_path}'",
        MayBeDone);
}
