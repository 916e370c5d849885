namespace BoundedCache.AdminDashboard;

/// <summary>The checked options of one run.</summary>
/// <param name="Port">The port on loopback; 0 for a free one.</param>
/// <param name="LookupsPerSecond">The load, in lookups a second over both caches; 0 for none.</param>
/// <param name="IsAuthenticated">
/// Whether the admin endpoint requires an API key instead of trusting this machine.
/// </param>
/// <param name="HasPrometheus">Whether metrics are served for Prometheus at <c>/metrics</c>.</param>
internal sealed record DashboardOptions(int Port, int LookupsPerSecond, bool IsAuthenticated, bool HasPrometheus);
