using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BoundedCache.ShrinkDemo.Results;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>The result as JSON: bytes as numbers, times as milliseconds, enumerations by name.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",

        // Programs and people read it, but it is never part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters =
        {
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new MillisecondsConverter(), new SampleConverter(),
        },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { MillisecondsConverter.NameUnit } },
    };

    public static string Write(DemoResult result) => JsonSerializer.Serialize(result, s_options);

    public static string Write(ComparisonResult result) => JsonSerializer.Serialize(result, s_options);

    /// <exception cref="JsonException">The text is not a result.</exception>
    public static DemoResult Read(string json) =>
        JsonSerializer.Deserialize<DemoResult>(json, s_options) ?? throw new JsonException("The result is null.");
}
