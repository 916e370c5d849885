using System.Text.Json;

namespace BoundedCache.Examples.Tests.ExplainRss;

/// <summary>
/// One run of the program over all causes, whose results several tests look at; it builds each in a process of its own.
/// </summary>
public sealed class AllCauses : IAsyncLifetime
{
    private readonly Dictionary<string, Explanation> _explanations = [];

    internal IReadOnlyDictionary<string, Explanation> Explanations => _explanations;

    public async Task InitializeAsync()
    {
        (int exitCode, string output, string error) = await ExplainProcess.RunAsync(["all", "--json"]);
        Assert.True(exitCode == 0, error);
        foreach (JsonElement json in JsonDocument.Parse(output).RootElement.EnumerateArray())
        {
            _explanations.Add(json.GetProperty("cause").GetString()!, new Explanation(json));
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
