using BoundedCache.Tool;

return await new ToolCommands(Console.Out, Console.Error).InvokeAsync(args);
