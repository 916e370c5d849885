using System.Globalization;

namespace BoundedCache.Figures;

/// <summary>A process that measures one thing and answers numbers.</summary>
internal static class Child
{
    private const string Mark = "answer ";

    /// <summary>Runs this program again to measure one thing.</summary>
    /// <returns>The numbers that the child answered, in order.</returns>
    public static double[] Measure(string figure, params string[] args) => MeasureIn([], figure, args);

    /// <summary>The same, with settings of the child's runtime.</summary>
    public static double[] MeasureIn((string Name, string Value)[] environment, string figure, params string[] args)
    {
        OwnProgramEnd end = OwnProgram.RunAsync(
            typeof(Child).Assembly,
            ["--child", figure, .. args],
            environment,
            static line => Console.Error.WriteLineAsync(line)).GetAwaiter().GetResult();
        string? answer = end.Output.Split('\n')
            .LastOrDefault(static line => line.StartsWith(Mark, StringComparison.Ordinal));
        return end.ExitCode == 0 && answer is not null
            ? [.. answer[Mark.Length..].Split(' ')
                .Select(static number => double.Parse(number, CultureInfo.InvariantCulture))]
            : throw new InvalidOperationException(
                $"Measuring {figure} {string.Join(' ', args)} failed with exit code {end.ExitCode}: {end.Output}");
    }

    public static void Answer(params double[] numbers) =>
        Console.WriteLine(Mark
            + string.Join(' ', numbers.Select(static number => number.ToString("R", CultureInfo.InvariantCulture))));

    /// <summary>The median of some runs of the same measurement, number by number.</summary>
    public static double[] Median(int runs, Func<double[]> measure)
    {
        double[][] all = [.. Enumerable.Range(0, runs).Select(_ => measure())];
        return [.. Enumerable.Range(0, all[0].Length).Select(i => Statistics.Median(all.Select(run => run[i])))];
    }
}
