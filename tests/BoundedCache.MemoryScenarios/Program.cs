using System.Text.Json;
using BoundedCache;
using BoundedCache.MemoryScenarios;

ProcessMemorySnapshot empty = ProcessMemorySnapshot.Take();
Type[] scenarios = [.. typeof(Scenario).Assembly.GetTypes()
    .Where(static type => type.IsSubclassOf(typeof(Scenario)) && !type.IsAbstract)];
Type? chosen = args.Length == 1 ? Array.Find(scenarios, type => type.Name == args[0]) : null;
if (chosen is null)
{
    Console.Error.WriteLine(
        $"Usage: BoundedCache.MemoryScenarios <{string.Join('|', scenarios.Select(static type => type.Name))}>");
    return 2;
}

var scenario = (Scenario)Activator.CreateInstance(chosen)!;
Console.WriteLine(JsonSerializer.Serialize(scenario.Run(empty)));
return 0;
