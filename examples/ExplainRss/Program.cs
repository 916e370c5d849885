using BoundedCache.ExplainRss;

return (int)new ExplainApplication(Console.Out, Console.Error, isTerminal: !Console.IsOutputRedirected).Run(args);
