using System.Globalization;
using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Results;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>
/// Moves the limit of a service under load up and down, and looks whether memory follows each time, and whether the
/// last time is like the first.
/// </summary>
internal sealed class SawtoothRun(SawtoothOptions options, string command)
{
    private const double MebibyteBytes = 1024 * 1024;

    private readonly RunClock _clock = new();

    /// <summary>By what share the last low point may lie above the first.</summary>
    private double MaxRise => options.IsBytes ? 0.01 : 0.03;

    /// <exception cref="LoadException">The service failed.</exception>
    public async Task<SawtoothResult> RunAsync(CancellationToken cancellationToken)
    {
        var progress = new Progress("sawtooth", _clock);
        long items = Items.InAll(options.HighMaxBytes);
        await using ServiceProcess service = await ServiceProcess.StartAsync(
            new ServiceSetup
            {
                Cache = options.IsBytes ? "bytes" : "bounded",
                MaxBytes = options.HighMaxBytes,
                Items = items,
                ServerGC = options.ServerGC,
            }, group: null, cancellationToken);
        using var sampler = new ResidentSampler(service.Id, _clock);
        await service.StoreAsync(false, cancellationToken);
        await using OpenLoad load = await OpenLoad.StartAsync(
            service.Address, options.RequestsPerSecond, (int)items, _clock);
        await Task.Delay(options.Empty, cancellationToken);
        long empty = sampler.Samples.MedianBytes(_clock.Elapsed - (options.Empty / 2), _clock.Elapsed);
        await service.StoreAsync(true, cancellationToken);

        // The first teeth compile what all others use, and let the thread pool and the collector's own tables find
        // their size. They are not counted.
        progress.Say($"{options.WarmTeeth} teeth that do not count");
        for (int tooth = 0; tooth < options.WarmTeeth; tooth++)
        {
            await CutAsync(service, sampler, cancellationToken);
        }

        var calls = new List<Call>();
        TimeSpan zero = _clock.Elapsed;
        do
        {
            Call call = await CutAsync(service, sampler, cancellationToken);
            calls.Add(call);
            string resident = ByteSize.Format(sampler.Samples.BytesAt(_clock.Elapsed));
            progress.Say(string.Create(
                CultureInfo.InvariantCulture,
                $"{calls.Count}: {call.Answer.Outcome} in {call.Answer.TotalMilliseconds:0} ms; "
                + $"at its end {resident} resident"));
        }
        while (_clock.Elapsed - zero < options.Duration);

        IReadOnlyList<ResidentSample> samples = sampler.Samples;
        LoadTotals totals = await load.StopAsync();
        Request[] requests = [.. load.Requests.Where(request => request.At >= zero)];
        return Conclude(calls, samples, requests, totals, zero, empty);
    }

    /// <summary>One tooth: lowered and held, raised and filled.</summary>
    private async Task<Call> CutAsync(
        ServiceProcess service, ResidentSampler sampler, CancellationToken cancellationToken)
    {
        TimeSpan lowered = _clock.Elapsed;
        ShrinkAnswer answer = await service.SetLimitByAdminAsync(options.LowMaxBytes, "full", cancellationToken);
        TimeSpan answered = _clock.Elapsed;
        await Task.Delay(options.Hold, cancellationToken);
        Dictionary<string, long> memory = await service.ReadMemoryAsync(cancellationToken);
        sampler.Look();
        TimeSpan raised = _clock.Elapsed;
        await service.SetLimitByAdminAsync(options.HighMaxBytes, "full", cancellationToken);
        await service.FillAsync(Items.ToFill(options.HighMaxBytes), cancellationToken);
        TimeSpan rest = options.Hold - (_clock.Elapsed - raised);
        await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, cancellationToken);
        sampler.Look();
        return new Call(lowered, answered, raised, _clock.Elapsed, answer, memory);
    }

    private SawtoothResult Conclude(
        List<Call> calls,
        IReadOnlyList<ResidentSample> resident,
        Request[] requests,
        LoadTotals totals,
        TimeSpan zero,
        long empty)
    {
        SawtoothCycle[] cycles = [.. calls.Select(call => new SawtoothCycle(
            (call.Lowered - zero).TotalSeconds,
            (call.Raised - zero).TotalSeconds,
            resident.Between(call.Answered, call.Raised).Min(static sample => sample.Bytes),
            resident.Between(call.Raised, call.Ended).Max(static sample => sample.Bytes),
            (call.Answered - call.Lowered).TotalMilliseconds,
            call.Answer.GcPauseMilliseconds,
            call.Answer.Outcome))];
        (long first, long last) = (cycles[0].LowBytes, cycles[^1].LowBytes);
        return new SawtoothResult
        {
            Stamp = RunStamp.Take(command),
            HighMaxBytes = options.HighMaxBytes,
            LowMaxBytes = options.LowMaxBytes,
            RequestsPerSecond = options.RequestsPerSecond,
            ServerGC = options.ServerGC,
            IsBytes = options.IsBytes,
            EmptyBytes = empty,
            Cycles = cycles,
            RisePerMinuteBytes = Slope(cycles.Select(static cycle => (cycle.RaisedAt / 60, (double)cycle.LowBytes))),
            FirstLow = calls[0].Memory,
            LastLow = calls[^1].Memory,
            Latencies = Latencies.From(requests),
            Load = totals,
            Bars =
            [
                new("requests that failed or got lost", totals.Failed + totals.Lost, 0, "requests"),
                new(
                    $"last low point, against the first and {100 * MaxRise:0} %",
                    last / MebibyteBytes,
                    first * (1 + MaxRise) / MebibyteBytes,
                    "MiB"),
                new("highest low point above empty, against 1.10 times the limit and 10 MB",
                    (cycles.Max(static cycle => cycle.LowBytes) - empty) / MebibyteBytes,
                    ((1.10 * options.LowMaxBytes) + 10_000_000) / MebibyteBytes,
                    "MiB"),
            ],
            Resident = resident.ToPoints(zero),
            Seconds = SecondResult.From(requests, zero),
        };
    }

    /// <summary>Of the straight line that is nearest to all points; 0 for less than two.</summary>
    public static double Slope(IEnumerable<(double X, double Y)> points)
    {
        (double X, double Y)[] all = [.. points];
        if (all.Length < 2)
        {
            return 0;
        }

        (double x, double y) = (all.Average(static point => point.X), all.Average(static point => point.Y));
        return all.Sum(point => (point.X - x) * (point.Y - y)) / all.Sum(point => (point.X - x) * (point.X - x));
    }

    private sealed record Call(
        TimeSpan Lowered,
        TimeSpan Answered,
        TimeSpan Raised,
        TimeSpan Ended,
        ShrinkAnswer Answer,
        Dictionary<string, long> Memory);
}
