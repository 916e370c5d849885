using BoundedCache.AdminDashboard;

return await new DashboardCommand(Dashboard.RunAsync).InvokeAsync(args);
