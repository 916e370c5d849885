using System.Net.Sockets;
using System.Text.Json;
using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>
/// Services in memory groups whose other code takes memory in steps and gives it back, while entries and requests come.
/// One may die, and that is a result.
/// </summary>
internal sealed class PressureRun(PressureOptions options, string command)
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_dying = TimeSpan.FromSeconds(30);

    /// <exception cref="LoadException">A service does not start.</exception>
    public async Task<PressureResult> RunAsync(CancellationToken cancellationToken)
    {
        var cases = new List<PressureCase>();
        foreach (ContainerSetup setup in options.Cases)
        {
            cases.Add(await WatchAsync(setup, cancellationToken));
        }

        return new PressureResult
        {
            Stamp = RunStamp.Take(command),
            InsertsPerSecond = options.InsertsPerSecond,
            RequestsPerSecond = options.RequestsPerSecond,
            Steps = options.Steps,
            NativeStepBytes = options.NativeStepBytes,
            ManagedStepBytes = options.ManagedStepBytes,
            Cases = cases,
        };
    }

    private async Task<PressureCase> WatchAsync(ContainerSetup setup, CancellationToken cancellationToken)
    {
        var clock = new RunClock();
        var progress = new Progress(setup.Title, clock);
        long items = Items.InAll(setup.MaxBytes);
        await using MemoryGroup group = MemoryGroup.Create(setup.GroupBytes);
        await using ServiceProcess service = await ServiceProcess.StartAsync(
            new ServiceSetup { Cache = setup.Cache, MaxBytes = setup.MaxBytes, Items = items },
            group,
            cancellationToken);
        using var sampler = new ResidentSampler(service.Id, clock);
        await using OpenLoad load = await OpenLoad.StartAsync(
            service.Address, options.RequestsPerSecond, (int)items, clock);
        List<(TimeSpan At, long Bytes)> limits = [];
        TimeSpan zero = clock.Elapsed;
        TimeSpan taking = zero;
        TimeSpan given = zero;
        TimeSpan? back = null;
        progress.Say("filled, and let be");
        bool isAlive = await TryAsync(service, async () =>
        {
            await service.TryFillAsync(Items.ToFill(setup.MaxBytes), cancellationToken);
            await service.InsertAsync(options.InsertsPerSecond, cancellationToken);
            zero = clock.Elapsed;
            await LookAsync(options.Steady);
            taking = clock.Elapsed;
            progress.Say("other code takes memory");
            for (int step = 0; step < options.Steps; step++)
            {
                await service.TakeAsync(options.NativeStepBytes, options.ManagedStepBytes, cancellationToken);
                await LookAsync(options.StepTime);
            }

            await LookAsync(options.Held);
            progress.Say("and gives it back");
            for (int step = 0; step < options.Steps; step++)
            {
                await service.GiveBackAsync(cancellationToken);
                await LookAsync(options.StepTime);
            }

            given = clock.Elapsed;
            while (limits[^1].Bytes < setup.MaxBytes && clock.Elapsed - given < options.Patience)
            {
                await LookAsync(s_lookEvery);
            }

            back = limits[^1].Bytes < setup.MaxBytes ? null : clock.Elapsed - given;
            await LookAsync(TimeSpan.FromSeconds(2));
        });
        TimeSpan ended = clock.Elapsed;
        progress.Say(service.End ?? "alive");
        await load.StopAsync();
        Request[] requests = [.. load.Requests.Where(request =>
            request.At >= zero && request.DoneAt <= ended && (service.End is null || request.Failure is null))];
        return new PressureCase
        {
            Title = setup.Title,
            GroupBytes = setup.GroupBytes,
            MaxBytes = setup.MaxBytes,
            Death = service.End,
            DiedAfterSteps = isAlive || taking == zero ? null : (ended - taking) / options.StepTime,
            LeastLimitBytes = limits.Select(static limit => limit.Bytes).DefaultIfEmpty().Min(),
            LimitChanges = limits.Zip(limits.Skip(1)).Count(static pair => pair.First.Bytes != pair.Second.Bytes),
            SecondsUntilBack = back?.TotalSeconds,
            PeakBytes = sampler.PeakBytes,
            GroupPeakBytes = group.PeakBytes,
            Steady = Latencies.From(requests.Where(request => request.At < taking)),
            Whole = Latencies.From(requests),
            Warnings = service.Warnings,
            LastLines = service.End is null ? [] : service.LastLines,
            Resident = sampler.Samples.ToPoints(zero),
            Limits = [.. limits.Select(limit =>
                (double[])[(limit.At - zero).TotalSeconds, limit.Bytes / 1048576.0])],
            SecondsOfLoad = SecondResult.From(requests, zero),
        };

        async Task LookAsync(TimeSpan time)
        {
            TimeSpan until = clock.Elapsed + time;
            do
            {
                ServiceState state = await service.ReadAsync(report: false, cancellationToken);
                limits.Add((clock.Elapsed, state.EffectiveMaxBytes));
                await Task.Delay(s_lookEvery, cancellationToken);
            }
            while (clock.Elapsed < until);
        }
    }

    /// <summary>Runs a story; false where the service died in it.</summary>
    private static async Task<bool> TryAsync(ServiceProcess service, Func<Task> story)
    {
        try
        {
            await story();
            return true;
        }
        catch (Exception failure)
            when (failure is HttpRequestException or SocketException or IOException or JsonException)
        {
            return await service.WaitForExitAsync(s_dying) ? false : throw new LoadException(
                ExitCode.Failed, $"the service lives but does not answer: {failure.Message}", failure);
        }
    }
}
