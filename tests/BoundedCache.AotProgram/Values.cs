namespace BoundedCache.AotProgram;

/// <summary>A class with references, and fields that nothing but the cache's measurement would ever look at.</summary>
internal sealed class Order(int number)
{
    private readonly byte[] _content = new byte[100];

    public string Name { get; } = $"order {number}";

    public long Sum => _content.Length + Name.Length;
}

/// <summary>A struct without references.</summary>
internal readonly record struct Point(int X, double Y);

/// <summary>A struct with one.</summary>
internal readonly record struct Named(int Number, string Name);

/// <summary>A class with a sizer.</summary>
internal sealed class Sized;
