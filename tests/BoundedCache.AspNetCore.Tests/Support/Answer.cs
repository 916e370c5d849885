using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace BoundedCache.AspNetCore.Tests.Support;

/// <summary>An answer, read whole.</summary>
internal sealed record Answer(
    HttpStatusCode Status, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string Detail => Json["detail"]!.GetValue<string>();

    public static async Task<Answer> OfAsync(HttpResponseMessage response) =>
        new(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Headers,
            response.Content.Headers);

    /// <summary>Asserts that it is a problem: the status, its type, and words of its detail.</summary>
    public void AssertProblem(HttpStatusCode status, params string[] words)
    {
        Assert.True(Status == status, $"{(int)Status} instead of {(int)status}: {Text}");
        Assert.Equal("application/problem+json", ContentHeaders.ContentType?.MediaType);
        Assert.Equal((int)status, Json["status"]!.GetValue<int>());
        Assert.False(string.IsNullOrWhiteSpace(Json["title"]?.GetValue<string>()));
        Assert.All(words, word => Assert.Contains(word, Detail, StringComparison.Ordinal));
    }

    public Answer AssertOk()
    {
        Assert.True(Status == HttpStatusCode.OK, $"{(int)Status}: {Text}");
        return this;
    }
}
