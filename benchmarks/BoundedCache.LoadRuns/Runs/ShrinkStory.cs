using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Peers;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>One peer's story: start, warm, under load, limit lowered meanwhile, after, later, raised again.</summary>
internal sealed class ShrinkStory(IPeer peer, ShrinkOptions options, RunStamp stamp)
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_judgedAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_leastWindow = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_around = TimeSpan.FromSeconds(5);

    private readonly RunClock _clock = new();
    private readonly List<PhaseMark> _marks = [];

    /// <exception cref="LoadException">The service, or its cache's server, failed.</exception>
    public async Task<ShrinkRow> TellAsync(CancellationToken cancellationToken)
    {
        var progress = new Progress(peer.Name, _clock);
        var setup = new PeerSetup(options.MaxBytes, Items.InAll(options.MaxBytes), options.ServerGC);
        await using IPeerSession session = await peer.StartAsync(setup, cancellationToken);
        ServiceProcess service = session.Service;
        using var sampler = new ResidentSampler(session.MemoryProcessId, _clock);

        progress.Say("start: nothing cached, nothing asked");
        await Task.Delay(s_idle, cancellationToken);
        TimeSpan idleEnds = _clock.Elapsed;
        await service.StoreAsync(false, cancellationToken);
        await using OpenLoad load = await OpenLoad.StartAsync(
            service.Address, options.RequestsPerSecond, (int)setup.Items, _clock);
        await using ToolLoad? tool = options.Tool is null
            ? null
            : ToolLoad.Start(options.Tool, PeerServer.Find(options.Tool)!, service.Address);
        progress.Say("start: under load, nothing cached");
        await Task.Delay(options.Empty, cancellationToken);
        TimeSpan emptyEnds = _clock.Elapsed;
        await EndPhaseAsync("start", service, sampler, cancellationToken);

        progress.Say($"warm: {ByteSize.Format(options.MaxBytes)} are filled");
        await service.StoreAsync(true, cancellationToken);
        await service.FillAsync(Items.ToFill(options.MaxBytes), cancellationToken);
        await Task.Delay(options.Steady / 3, cancellationToken);
        await EndPhaseAsync("warm", service, sampler, cancellationToken);

        progress.Say("under load");
        TimeSpan zero = _clock.Elapsed;
        await Task.Delay(options.Steady, cancellationToken);
        await EndPhaseAsync("under load", service, sampler, cancellationToken);

        progress.Say($"the limit is lowered to {ByteSize.Format(options.NewMaxBytes)}");
        TimeSpan called = _clock.Elapsed;
        LimitChange change = await session.SetLimitAsync(options.NewMaxBytes, cancellationToken);
        TimeSpan answered = _clock.Elapsed;
        progress.Say($"{change.Done} {change.Outcome}".TrimEnd());
        await EndPhaseAsync("lowered", service, sampler, cancellationToken);

        TimeSpan rest = options.After - (_clock.Elapsed - called);
        await Task.Delay(rest > s_judgedAfter ? rest : s_judgedAfter, cancellationToken);
        await EndPhaseAsync("after", service, sampler, cancellationToken);

        progress.Say("later");
        await Task.Delay(options.Later, cancellationToken);
        TimeSpan laterEnds = _clock.Elapsed;
        await EndPhaseAsync("later", service, sampler, cancellationToken);

        progress.Say("the limit is raised again");
        await session.SetLimitAsync(options.MaxBytes, cancellationToken);
        await service.FillAsync(Items.ToFill(options.MaxBytes) / 3, cancellationToken);
        await Task.Delay(options.Raised, cancellationToken);
        await EndPhaseAsync("raised", service, sampler, cancellationToken);

        IReadOnlyList<ResidentSample> resident = sampler.Samples;
        ToolTotals? toolTotals = tool is null ? null : await tool.StopAsync();
        LoadTotals totals = await load.StopAsync();
        progress.Say($"{totals.Sent:N0} requests, {totals.Failed} failed, {totals.Lost} lost");
        return Conclude(new Story(
            resident, load.Requests, totals, zero, called, answered, idleEnds, emptyEnds, laterEnds, change)) with
        {
            Tool = toolTotals,
        };
    }

    private async Task EndPhaseAsync(
        string name, ServiceProcess service, ResidentSampler sampler, CancellationToken cancellationToken)
    {
        TimeSpan from = _marks.Count == 0 ? TimeSpan.Zero : _marks[^1].To;
        ServiceState state = await service.ReadAsync(report: false, cancellationToken);
        sampler.Look();
        _marks.Add(new PhaseMark(name, from, _clock.Elapsed, state));
    }

    private ShrinkRow Conclude(Story story)
    {
        long idle = story.Resident.MedianBytes(TimeSpan.Zero, story.IdleEnds);

        // By then the code that serves requests is compiled, and the young generation has found its size.
        long empty = story.Resident.MedianBytes(story.EmptyEnds - (options.Empty / 2), story.EmptyEnds);
        long bound = (long)(1.10 * options.NewMaxBytes) + 10_000_000;
        TimeSpan windowEnds = story.Answered - story.Called > s_leastWindow
            ? story.Answered
            : story.Called + s_leastWindow;
        Request[] window = [.. story.Requests.Where(request => request.At >= story.Called && request.At <= windowEnds)];
        PhaseMark steady = _marks.Single(static mark => mark.Name == "under load");
        Request[] steadyRequests =
            [.. story.Requests.Where(request => request.At >= steady.From && request.At <= steady.To)];
        ResidentSample reached = story.Resident.FirstOrDefault(
            sample => sample.At >= story.Called && sample.Bytes - empty <= bound);
        var row = new ShrinkRow
        {
            Name = peer.Name,
            Title = peer.Title,
            Stamp = stamp,
            IdleBytes = idle,
            EmptyBytes = empty,
            Zero = story.Zero.TotalSeconds,
            CalledAt = story.Called.TotalSeconds,
            CallMilliseconds = (story.Answered - story.Called).TotalMilliseconds,
            Call = story.Change,
            ReachedAfterSeconds = reached == default ? null : (reached.At - story.Called).TotalSeconds,
            AboveEmptyAfterTwoSeconds = story.Resident.BytesAt(story.Called + s_judgedAfter) - empty,
            AboveEmptyLater =
                story.Resident.MedianBytes(story.LaterEnds - TimeSpan.FromSeconds(1), story.LaterEnds) - empty,
            Window = Latencies.From(window),
            StallMilliseconds = Latencies.LongestStall(window).TotalMilliseconds,
            SteadyStallMilliseconds = Latencies.LongestStall(steadyRequests).TotalMilliseconds,
            Load = story.Totals,
            Phases = [.. _marks.Select(mark => mark.ToResult(story.Resident, story.Requests))],
            Bars = [],
            Resident = story.Resident.ToPoints(story.Zero),
            Seconds = SecondResult.From(story.Requests, story.Zero),
        };
        var around = Latencies.From(story.Requests.Where(request =>
            request.At >= story.Called - s_around && request.At <= story.Called + s_around));
        return row with { Bars = ShrinkBars.Create(row, Latencies.From(steadyRequests), around, bound) };
    }

    private sealed record Story(
        IReadOnlyList<ResidentSample> Resident,
        IReadOnlyList<Request> Requests,
        LoadTotals Totals,
        TimeSpan Zero,
        TimeSpan Called,
        TimeSpan Answered,
        TimeSpan IdleEnds,
        TimeSpan EmptyEnds,
        TimeSpan LaterEnds,
        LimitChange Change);
}
