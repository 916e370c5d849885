using System.Runtime.CompilerServices;
using BoundedCache;
using BoundedCache.AotProgram;

// A program that is fit to be compiled ahead of time, and checks there what the cache says of itself:
//   dotnet publish tests/BoundedCache.AotProgram -c Release -p:PublishAot=true          native: objects are not walked
//   dotnet publish tests/BoundedCache.AotProgram -c Release -p:PublishTrimmed=true      trimmed: they are
// A plain build runs as the first does, since its runtime is told not to generate code. Exit code 0
// if all is as it should be.
using var log = new WarningLog();
using var cache = new BoundedMemoryCache(
    new BoundedMemoryCacheOptions { Name = "aot", MaxMemory = 256L << 20 }.AddSizer<Sized>(static value => 10_000),
    log);
var checks = new Checks(cache);
bool walks = RuntimeFeature.IsDynamicCodeSupported;
Console.WriteLine($"Generates code: {walks}");

checks.IsExact("strings", static i => new string('x', i % 50));
checks.IsExact("byte arrays", static i => new byte[i % 500]);
checks.IsExact("arrays of doubles", static i => new double[i % 50]);
checks.IsExact("arrays of structs", static i => new Point[i % 50]);
checks.IsExact("boxed numbers", static i => i);
checks.IsExact("boxed structs", static i => new Point(i, i));
checks.IsExact("arrays of strings", static i => new[] { new string('x', i % 50), "" + i });
checks.Holds("nothing was warned of", log.Warnings.Count == 0, string.Join("; ", log.Warnings));

if (walks)
{
    checks.IsExact("objects", static i => new Order(i));
    checks.IsExact("lists", static i => new List<Order> { new(i), new(i) });
    checks.IsExact("dictionaries", static i => new Dictionary<string, Order> { [$"order {i}"] = new(i) });
    checks.IsExact("arrays of structs with references", static i => new Named[] { new(i, new string('x', 20)) });
    checks.Holds("nothing was warned of", log.Warnings.Count == 0, string.Join("; ", log.Warnings));
}
else
{
    long least = checks.ChargeOf(new Order(1), size: null);
    checks.Holds("an object without a size is charged the smallest object", least is > 24 and < 200, $"{least}");
    long declared = checks.ChargeOf(new Order(1), size: 5000) - checks.ChargeOf(new string('x', 100), size: 5000);
    checks.Holds("an object with a size is charged that", declared == 0, $"{declared} off");
    checks.Holds("the objects were warned of once", log.Warnings.Count == 1, string.Join("; ", log.Warnings));
    checks.Holds(
        "the warning says what to do",
        log.Warnings[0].Contains("AddSizer<T>", StringComparison.Ordinal),
        log.Warnings[0]);
}

long sized = checks.ChargeOf(new Sized(), size: null) - checks.ChargeOf(new string('x', 100), size: 10_000);
checks.Holds("a sizer answers for its type", sized == 0, $"{sized} off");

cache.Set("key", "value", TimeSpan.FromHours(1));
checks.Holds(
    "a key is found by its characters",
    cache.TryGetValue("key".AsSpan(), out object? found) && found is "value",
    "not found");
checks.Holds("measuring again changes nothing", cache.Remeasure("key") && cache.Remeasure("key"), "gone");
ShrinkReport report = await cache.SetMaxMemoryAsync(1);
checks.Holds("lowering the limit empties and reports", cache.Count == 0 && report.NewMaxMemory == 1, report.ToString());
Console.WriteLine(report);
return checks.Failures == 0 ? 0 : 1;
