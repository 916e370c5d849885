namespace BoundedCache.MemoryScenarios.Shapes;

#pragma warning disable CS0414, IDE0051, IDE0052, CA1823 // Fields are there to be counted.

internal class Person
{
    private readonly DateTime _created = DateTime.UnixEpoch;
    private readonly bool _active = true;

    public required string Name { get; init; }

    public required int Age { get; init; }

    public required byte[] Photo { get; init; }
}

internal sealed class Manager : Person
{
    private readonly byte _level = 3;

    public required string Title { get; init; }
}

internal sealed record Address(string Street, int Number, char Mark);

internal readonly record struct Line(int Number, string Text, decimal Price);

internal sealed class Optional
{
    public int? Number { get; init; }

    public DateTime? At { get; init; }

    public Line? Line { get; init; }

    public Optional? Next { get; init; }
}

internal sealed class Basket
{
    public required string Name { get; init; }

    public List<Address> Items { get; } = [];

    public Address[] Sent { get; } = [];

    public Dictionary<string, Address> Index { get; } = [];
}

/// <summary>Lines that refer back to their order, and all to one customer.</summary>
internal sealed class Order
{
    public Order(int number)
    {
        Customer = new Person { Name = $"customer {number:D8}", Age = number, Photo = new byte[50] };
        Items = [.. Enumerable.Range(0, 4).Select(i => new OrderItem(this, Customer, $"item {number} {i}"))];
        Index = Items.ToDictionary(static item => item.Text);
    }

    public Person Customer { get; }

    public List<OrderItem> Items { get; }

    public Dictionary<string, OrderItem> Index { get; }
}

internal sealed class OrderItem(Order order, Person customer, string text)
{
    public Order Order { get; } = order;

    public Person Customer { get; } = customer;

    public string Text { get; } = text;
}

internal sealed class Node
{
    public Node(Node? parent, int depth)
    {
        Parent = parent;
        if (depth > 0)
        {
            (Left, Right) = (new Node(this, depth - 1), new Node(this, depth - 1));
        }
    }

    public Node? Parent { get; }

    public Node? Left { get; }

    public Node? Right { get; }
}

/// <summary>Refers to what outlives it, none of which it is charged.</summary>
internal sealed class Service(IServiceProvider container, string name)
{
    private readonly IServiceProvider _container = container;
    private readonly Type _type = typeof(Service);
    private readonly Action _action = Container.Act;

    public string Name { get; } = name;
}

internal sealed class Container : IServiceProvider
{
    private readonly byte[] _services = new byte[1_000_000];

    public static Action Act { get; } = static () => { };

    public object? GetService(Type serviceType) => _services;
}
