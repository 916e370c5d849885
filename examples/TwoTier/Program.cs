using BoundedCache.TwoTier;

return await new TwoTierCommand(Node.RunAsync).InvokeAsync(args);
