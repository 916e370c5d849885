using System.Text.Json;
using System.Text.Json.Nodes;
using BoundedCache.AspNetCore.Tests.Support;
using BoundedCache.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace BoundedCache.AspNetCore.Tests;

/// <summary>
/// What an application's OpenAPI document says of the endpoint, and that its JSON does not depend on the application's.
/// </summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task The_applications_document_shows_every_address_with_its_parameters_bodies_answers_and_errors()
    {
        await using AdminHost host = await AdminHost.StartAsync(
            services: static services => services.AddOpenApi(), before: static app => app.MapOpenApi());

        using HttpResponseMessage response = await host.Client.GetAsync(new Uri("/openapi/v1.json", UriKind.Relative));
        JsonNode document = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        var lines = new List<string>();
        foreach ((string path, JsonNode? item) in document["paths"]!.AsObject()
            .OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            foreach ((string method, JsonNode? operation) in item!.AsObject())
            {
                string parameters = string.Join(
                    ", ",
                    operation!["parameters"]?.AsArray().Select(static each => $"{each!["in"]} {each["name"]}") ?? []);
                string body = operation["requestBody"]?["content"]?["application/json"]?["schema"]?["$ref"]
                    ?.ToString().Split('/')[^1]
                    ?? "-";
                lines.Add($"{method.ToUpperInvariant()} {path} ({parameters}) {body}: {operation["summary"]}");
                foreach ((string status, JsonNode? answer) in operation["responses"]!.AsObject())
                {
                    string types = string.Join(", ", answer!["content"]?.AsObject().Select(static each =>
                        $"{each.Key} {each.Value!["schema"]?["$ref"]?.ToString().Split('/')[^1]}".TrimEnd()) ?? []);
                    lines.Add($"    {status} {types}");
                }
            }
        }

        Snapshot.Verify(string.Join('\n', lines) + "\n");
        JsonNode shrink = document["components"]!["schemas"]!["ShrinkView"]!["properties"]!;
        Assert.Equal(["none", "gentle", "full"], Resolve(document, shrink["releaseMode"]!)["enum"]!.AsArray().Select(
            static each => each!.GetValue<string>()));
    }

    [Fact]
    public async Task The_applications_own_json_settings_change_nothing()
    {
        await using AdminHost host = await AdminHost.StartAsync(services: static services =>
            services.ConfigureHttpJsonOptions(static json =>
                (json.SerializerOptions.PropertyNamingPolicy, json.SerializerOptions.WriteIndented) =
                    (JsonNamingPolicy.SnakeCaseUpper, true)));

        Assert.NotNull((await host.GetAsync("api/caches")).AssertOk().Json["caches"]![0]!["usedBytes"]);
        (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 0}"""))
            .AssertProblem(System.Net.HttpStatusCode.BadRequest);
        Assert.Equal(900, (await host.PutAsync("api/caches/default/limit", """{"maxMemory": 900}"""))
            .AssertOk().Json["newMaxBytes"]!
            .GetValue<long>());
    }

    private static JsonNode Resolve(JsonNode document, JsonNode schema) =>
        schema["$ref"]?.ToString().Split('/')[^1] is { } name ? document["components"]!["schemas"]![name]! : schema;
}
