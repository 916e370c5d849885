namespace BoundedCache.AdminDashboard;

/// <summary>What one run was asked to do, checked.</summary>
/// <param name="Port">The port on loopback; 0 for a free one.</param>
/// <param name="LookupsPerSecond">How much load there is, in lookups a second over both caches; 0 for none.</param>
/// <param name="IsAuthenticated">Whether the admin endpoint wants an API key instead of trusting this machine.</param>
internal sealed record DashboardOptions(int Port, int LookupsPerSecond, bool IsAuthenticated);
