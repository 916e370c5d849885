using System.Diagnostics.Metrics;

namespace BoundedCache.Tests;

/// <summary>A factory that keeps its meters, as a container's factory does.</summary>
internal sealed class TestMeterFactory : IMeterFactory
{
    public List<Meter> Meters { get; } = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        Meters.Add(meter);
        return meter;
    }

    public void Dispose() => Meters.ForEach(static meter => meter.Dispose());
}
