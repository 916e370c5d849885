using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BoundedCache.ShrinkDemo.Rendering;

/// <summary>Writes times as milliseconds with three decimals, under a name with the unit.</summary>
internal sealed class MillisecondsConverter : JsonConverter<TimeSpan>
{
    /// <summary>Adds the unit to the names of the type's times, because the values no longer have it.</summary>
    public static void NameUnit(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Properties.Where(
            property => property.PropertyType == typeof(TimeSpan)))
        {
            property.Name += "Milliseconds";
        }
    }

    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TimeSpan.FromMilliseconds(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(Math.Round(value.TotalMilliseconds, 3));
}
