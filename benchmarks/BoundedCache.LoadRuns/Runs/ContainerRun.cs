using System.Net.Sockets;
using System.Text.Json;
using BoundedCache.Harness;
using BoundedCache.LoadRuns.Load;
using BoundedCache.LoadRuns.Processes;
using BoundedCache.LoadRuns.Results;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Runs;

/// <summary>
/// Services in memory groups, as in containers: each with its cache full, entries coming at a rate from within, and
/// requests from without. One may die, and that is a result.
/// </summary>
internal sealed class ContainerRun(ContainerOptions options, string command)
{
    /// <summary>A shell's program that keeps a processor busy until its standard input ends, or its shell.</summary>
    private const string Busy = "while kill -0 $$; do :; done & read line; kill $!";

    private static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>What it takes for a dying service to be seen to be dead.</summary>
    private static readonly TimeSpan s_dying = TimeSpan.FromSeconds(30);

    /// <exception cref="LoadException">A service does not start.</exception>
    public async Task<ContainerResult> RunAsync(CancellationToken cancellationToken)
    {
        var cases = new List<ContainerCase>();
        var busy = new List<ChildProcess>();
        try
        {
            for (int i = 0; i < options.BusyProcesses; i++)
            {
                busy.Add(ChildProcess.Start("a busy process", "sh", ["-c", Busy]));
            }

            foreach (ContainerSetup setup in options.Cases)
            {
                cases.Add(await WatchAsync(setup, cancellationToken));
            }
        }
        finally
        {
            foreach (ChildProcess one in busy)
            {
                await one.DisposeAsync();
            }
        }

        return new ContainerResult
        {
            Stamp = RunStamp.Take(command),
            InsertsPerSecond = options.InsertsPerSecond,
            MostBytes = options.MostBytes,
            RequestsPerSecond = options.RequestsPerSecond,
            BusyProcesses = options.BusyProcesses,
            Cases = cases,
        };
    }

    private async Task<ContainerCase> WatchAsync(ContainerSetup setup, CancellationToken cancellationToken)
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
        progress.Say($"a limit of {ByteSize.Format(setup.MaxBytes)} in a group of {ByteSize.Format(setup.GroupBytes)}");
        string? refused = null;
        ServiceState? before = await TryAsync(
            service,
            async () =>
            {
                if (options.MostBytes is null)
                {
                    refused = await service.TryFillAsync(Items.ToFill(setup.MaxBytes), cancellationToken);
                    progress.Say(refused ?? "filled");
                }

                await service.InsertAsync(options.InsertsPerSecond, cancellationToken, options.MostBytes ?? 0);
                return await service.ReadAsync(report: false, cancellationToken);
            });

        progress.Say(FormattableString.Invariant($"{options.InsertsPerSecond:N0} new entries a second"));
        TimeSpan zero = clock.Elapsed;
        while (clock.Elapsed - zero < options.Duration && !service.HasExited)
        {
            await Task.Delay(s_lookEvery, cancellationToken);
        }

        ServiceState? after = await TryAsync(service, () => service.ReadAsync(report: true, cancellationToken));
        TimeSpan ended = clock.Elapsed;
        progress.Say(service.End ?? "alive");
        LoadTotals totals = await load.StopAsync();
        double wall = before is null || after is null ? 0 : after.UptimeMilliseconds - before.UptimeMilliseconds;
        Request[] requests = [.. load.Requests.Where(request =>
            request.At >= zero && request.DoneAt <= ended && (service.End is null || request.Failure is null))];
        return new ContainerCase
        {
            Title = setup.Title,
            Cache = setup.Cache,
            GroupBytes = setup.GroupBytes,
            MaxBytes = setup.MaxBytes,
            Death = service.End,
            FillFailure = refused,
            Seconds = (ended - zero).TotalSeconds,
            PeakBytes = sampler.PeakBytes,
            GroupPeakBytes = group.PeakBytes,
            PauseShare = wall == 0 ? null : (after!.GcPauseMilliseconds - before!.GcPauseMilliseconds) / wall,
            Processors = wall == 0 ? null : (after!.ProcessorMilliseconds - before!.ProcessorMilliseconds) / wall,
            InsertsPerSecond = wall == 0 ? null : (after!.Inserted - before!.Inserted) / wall * 1000,
            Latencies = Latencies.From(requests),
            Load = totals,
            Warnings = service.Warnings,
            Findings = after?.Findings ?? [],
            LastLines = service.End is null ? [] : service.LastLines,
            Resident = sampler.Samples.ToPoints(TimeSpan.Zero),
            SecondsOfLoad = SecondResult.From(requests, TimeSpan.Zero),
        };
    }

    /// <summary>Asks the service for something; null where it died of it.</summary>
    private static async Task<T?> TryAsync<T>(ServiceProcess service, Func<Task<T>> ask)
        where T : class
    {
        try
        {
            return service.HasExited ? null : await ask();
        }
        catch (Exception failure)
            when (failure is HttpRequestException or SocketException or IOException or JsonException)
        {
            return await service.WaitForExitAsync(s_dying) ? null : throw new LoadException(
                ExitCode.Failed, $"the service lives but does not answer: {failure.Message}", failure);
        }
    }
}
