using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using BoundedCache.LoadService.Control;

namespace BoundedCache.LoadRuns.Processes;

/// <summary>
/// The service as a process of its own, and the means to steer it. Its memory is looked at from outside from its
/// first moment to its last.
/// </summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    /// <summary>The name of the cache that the service has, for its admin endpoint.</summary>
    public const string CacheName = "items";

    private const string Name = "BoundedCache.LoadService";

    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(5);

    private readonly ChildProcess _process;
    private readonly HttpClient _control;

    private ServiceProcess(ChildProcess process, Uri address)
    {
        _process = process;
        Address = address;
        _control = new HttpClient { BaseAddress = address, Timeout = s_timeout };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>How it ended, in words; null while it runs.</summary>
    public string? End => _process.End;

    /// <summary>Warnings that it logged.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. _process.Lines.Where(static line => line.StartsWith("warn:", StringComparison.Ordinal))];

    /// <summary>What it said last: of a process that died, why.</summary>
    public IReadOnlyList<string> LastLines =>
        [.. _process.Lines.Where(static line => !line.StartsWith("info:", StringComparison.Ordinal)).TakeLast(3)];

    /// <param name="setup">What is wanted.</param>
    /// <param name="group">The group to run it in; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting for it.</param>
    /// <exception cref="LoadException">It does not start.</exception>
    public static async Task<ServiceProcess> StartAsync(
        ServiceSetup setup, MemoryGroup? group, CancellationToken cancellationToken)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command =
        [
            dotnet, FindProgram(), "--leash", "--cache", setup.Cache, "--max-memory", Text(setup.MaxBytes), "--items",
            Text(setup.Items),
            .. setup.PeerPort > 0 ? ["--peer-port", Text(setup.PeerPort)] : Array.Empty<string>(),
        ];
        (string, string)[] environment = setup.ServerGC ? [("DOTNET_gcServer", "1")] : [];

        // The shell enters the group and becomes the service, which so is in the group from its first byte.
        ChildProcess process = group is null
            ? ChildProcess.Start(Name, command[0], command[1..], environment)
            : ChildProcess.Start(
                Name,
                "/bin/sh",
                ["-c", "echo $$ > \"$0\" && exec \"$@\"", group.ProcessesFile, .. command],
                environment);
        try
        {
            var service = new ServiceProcess(
                process, new Uri(await process.WaitForAsync("Now listening on: ", cancellationToken)));
            await service.CheckCollectorAsync(setup.ServerGC, cancellationToken);
            return service;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for its end, so long and no longer.</summary>
    public Task<bool> WaitForExitAsync(TimeSpan atMost) => _process.WaitForExitAsync(atMost);

    public async Task<ServiceState> ReadAsync(bool report, CancellationToken cancellationToken) =>
        (await _control.GetFromJsonAsync<ServiceState>(report
            ? "/control/state?report=true"
            : "/control/state", cancellationToken))!;

    /// <summary>Lets items that were asked for into the cache, or no longer.</summary>
    public Task StoreAsync(bool stores, CancellationToken cancellationToken) =>
        PostAsync(stores ? "/control/storing/true" : "/control/storing/false", cancellationToken);

    /// <summary>Stores the first so many items.</summary>
    public Task FillAsync(long items, CancellationToken cancellationToken) =>
        PostAsync($"/control/fill/{Text(items)}", cancellationToken);

    /// <summary>Stores the first so many items, or as many as there is memory for.</summary>
    /// <returns>What the service answered where it could not; null where it could.</returns>
    public async Task<string?> TryFillAsync(long items, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _control.PostAsync(
            $"/control/fill/{Text(items)}", null, cancellationToken);
        return response.IsSuccessStatusCode
            ? null
            : $"status {(int)response.StatusCode}, as after an OutOfMemoryException";
    }

    /// <summary>Stores so many new entries a second from now on.</summary>
    public Task InsertAsync(int perSecond, CancellationToken cancellationToken, int mostBytes = 0) =>
        PostAsync($"/control/inserts/{Text(perSecond)}?mostBytes={Text(mostBytes)}", cancellationToken);

    /// <summary>Has the service's other code take memory.</summary>
    public Task TakeAsync(int nativeBytes, int managedBytes, CancellationToken cancellationToken) =>
        PostAsync($"/control/other/{Text(nativeBytes)}/{Text(managedBytes)}", cancellationToken);

    /// <summary>Has it give back what it took last.</summary>
    public async Task GiveBackAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _control.DeleteAsync("/control/other", cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Sets the limit as the operator of such a cache would.</summary>
    public async Task<LimitAnswer> SetLimitAsync(long maxBytes, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _control.PutAsJsonAsync(
            "/control/limit", new LimitRequest(maxBytes), cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<LimitAnswer>(cancellationToken))!;
    }

    /// <summary>Sets the limit through the admin endpoint.</summary>
    /// <returns>Its report.</returns>
    public async Task<ShrinkAnswer> SetLimitByAdminAsync(
        long maxBytes, string releaseMode, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _control.PutAsJsonAsync(
            $"/admin/cache/api/caches/{CacheName}/limit", new { maxMemory = maxBytes, releaseMode }, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new LoadException(
                ExitCode.Failed,
                $"the admin endpoint answered {(int)response.StatusCode}: "
                    + $"{await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        return (await response.Content.ReadFromJsonAsync<ShrinkAnswer>(cancellationToken))!;
    }

    /// <summary>
    /// What its memory consists of, by the admin endpoint's report: bytes by the name of the row, and for
    /// native memory of its part.
    /// </summary>
    public async Task<Dictionary<string, long>> ReadMemoryAsync(CancellationToken cancellationToken)
    {
        JsonElement report = await _control.GetFromJsonAsync<JsonElement>("/admin/cache/api/memory", cancellationToken);
        return report.GetProperty("rows").EnumerateArray()
            .SelectMany(static row =>
                row.GetProperty("kind").GetString() == "native" && row.GetProperty("parts").GetArrayLength() > 0
                    ? row.GetProperty("parts").EnumerateArray().Select(static part => (
                        Name: Regex.Replace(part.GetProperty("name").GetString()!, "of [0-9]+ ", "of "),
                        Bytes: part.GetProperty("bytes").GetInt64()))
                    : [(Name: row.GetProperty("kind").GetString()!, Bytes: row.GetProperty("bytes").GetInt64())])
            .ToDictionary(static row => row.Name, static row => row.Bytes);
    }

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _process.DisposeAsync();
    }

    /// <remarks>
    /// Web projects have Server GC unless told otherwise, the word for which is easily mistaken; and everything that is
    /// measured here depends on it.
    /// </remarks>
    private async Task CheckCollectorAsync(bool isServerGC, CancellationToken cancellationToken)
    {
        ServiceState state = await ReadAsync(report: false, cancellationToken);
        if (state.IsServerGC != isServerGC)
        {
            throw new LoadException(
                ExitCode.Failed,
                $"the service runs under {(state.IsServerGC ? "Server" : "Workstation")} GC, "
                    + "which is not what was asked for");
        }
    }

    /// <summary>The service where its own build puts it, with the assemblies that it will have in earnest.</summary>
    private static string FindProgram()
    {
        string program = Path.Combine(
            AppContext.BaseDirectory.Replace("BoundedCache.LoadRuns", Name, StringComparison.Ordinal), $"{Name}.dll");
        return File.Exists(program) ? program : throw new LoadException(
            ExitCode.Failed, $"{program} is missing; build benchmarks/{Name} in the same configuration");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task PostAsync(string path, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _control.PostAsync(path, null, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
