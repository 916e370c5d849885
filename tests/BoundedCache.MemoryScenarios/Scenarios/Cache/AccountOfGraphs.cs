namespace BoundedCache.MemoryScenarios.Scenarios.Cache;

/// <summary>Customers with an address and some orders: graphs of a dozen objects.</summary>
internal sealed class AccountOfGraphs : AccountingScenario
{
    protected override int Entries => 200_000;

    protected override object Make(int number) => new Customer
    {
        Name = $"customer {number}",
        Address = new Address($"street {number}", number),
        Orders =
            [.. Enumerable.Range(0, number % 5).Select(i => new Order(number + i, DateTime.UnixEpoch, $"item {i}"))],
        Tags = new Dictionary<string, object> { [$"tag {number}"] = number },
    };

    private sealed class Customer
    {
        public required string Name { get; init; }

        public required Address Address { get; init; }

        public required List<Order> Orders { get; init; }

        public required Dictionary<string, object> Tags { get; init; }
    }

    private sealed record Address(string Street, int Number);

    private sealed record Order(long Id, DateTime At, string Item);
}
