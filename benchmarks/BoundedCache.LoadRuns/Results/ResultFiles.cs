using System.Text.Json;
using System.Text.Json.Serialization;

namespace BoundedCache.LoadRuns.Results;

/// <summary>The files of a run: text, picture and JSON beside each other.</summary>
internal static class ResultFiles
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IndentSize = 1,
        Converters = { new PointConverter(), new RoundedConverter() },
    };

    /// <summary>Reads a result that an earlier run wrote; null where there is none.</summary>
    /// <exception cref="LoadException">There is one, but it cannot be read.</exception>
    public static T? Read<T>(string directory, string name)
        where T : class
    {
        string file = PathOf(directory, name, "json");
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<T>(File.ReadAllText(file), s_json) : null;
        }
        catch (JsonException failure)
        {
            throw new LoadException(
                ExitCode.Usage,
                $"{file} is no result of this program; remove it, or choose another --output: {failure.Message}",
                failure);
        }
    }

    /// <summary>Writes all three.</summary>
    /// <returns>Where they are.</returns>
    public static IReadOnlyList<string> Write<T>(string directory, string name, T result, string text, string picture)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(PathOf(directory, name, "json"), JsonSerializer.Serialize(result, s_json) + "\n");
        File.WriteAllText(PathOf(directory, name, "txt"), text);
        File.WriteAllText(PathOf(directory, name, "svg"), picture);
        return [PathOf(directory, name, "txt"), PathOf(directory, name, "svg"), PathOf(directory, name, "json")];
    }

    /// <summary>Passes when files can be made there, before a run of minutes finds out that they cannot.</summary>
    /// <exception cref="LoadException">They cannot.</exception>
    public static void EnsureWritable(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            string probe = Path.Combine(directory, $".load-{Guid.NewGuid():N}");
            using var stream = new FileStream(
                probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new LoadException(
                ExitCode.Usage, $"--output '{directory}' cannot be written to: {failure.Message}", failure);
        }
    }

    private static string PathOf(string directory, string name, string extension) =>
        Path.Combine(directory, $"load-{name}.{extension}");

    /// <summary>A point on one line: there are hundreds.</summary>
    private sealed class PointConverter : JsonConverter<double[]>
    {
        public override double[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var numbers = new List<double>();
            while (reader.Read() && reader.TokenType == JsonTokenType.Number)
            {
                numbers.Add(reader.GetDouble());
            }

            return reader.TokenType == JsonTokenType.EndArray
                ? [.. numbers]
                : throw new JsonException("A point is an array of numbers.");
        }

        public override void Write(Utf8JsonWriter writer, double[] value, JsonSerializerOptions options) =>
            writer.WriteRawValue($"[{string.Join(", ", value.Select(Rounded))}]");

        private static string Rounded(double number) => FormattableString.Invariant($"{number:0.##}");
    }

    /// <summary>No measurement here is good to more than a thousandth of its unit.</summary>
    private sealed class RoundedConverter : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value, 4));
    }
}
