using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using BoundedCache.ShrinkDemo.Story;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>Writes a sample on one line: hundreds of samples on seven lines each would hide the rest.</summary>
internal sealed class SampleConverter : JsonConverter<MemorySample>
{
    public override MemorySample Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var sample = JsonDocument.ParseValue(ref reader);
        JsonElement fields = sample.RootElement;
        return new MemorySample(
            TimeSpan.FromMilliseconds(fields.GetProperty("atMilliseconds").GetDouble()),
            fields.GetProperty("residentBytes").GetInt64(),
            fields.GetProperty("committedBytes").GetInt64(),
            fields.GetProperty("liveBytes").GetInt64(),
            fields.GetProperty("cacheBytes").GetInt64(),
            fields.GetProperty("limitBytes").GetInt64());
    }

    public override void Write(Utf8JsonWriter writer, MemorySample value, JsonSerializerOptions options) =>
        writer.WriteRawValue(string.Create(
            CultureInfo.InvariantCulture,
            $"\n    {{ \"atMilliseconds\": {value.At.TotalMilliseconds:0.###}, \"residentBytes\": "
                + $"{value.ResidentBytes}, \"committedBytes\": {value.CommittedBytes}, \"liveBytes\": "
                + $"{value.LiveBytes}, \"cacheBytes\": {value.CacheBytes}, \"limitBytes\": {value.LimitBytes} }}"));
}
