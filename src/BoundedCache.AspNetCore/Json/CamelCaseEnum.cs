using System.Text.Json;
using System.Text.Json.Serialization;

namespace BoundedCache.AspNetCore.Json;

/// <summary>
/// Enumerations by name, written as properties are. Named on each property and not in <see cref="AdminJsonContext"/>,
/// so that descriptions of the shape which others derive with their own settings (OpenAPI) say the same.
/// </summary>
internal sealed class CamelCaseEnum<T>()
    : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
