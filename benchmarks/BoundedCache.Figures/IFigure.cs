namespace BoundedCache.Figures;

/// <summary>One of the project's figures: what it says, and how it is measured.</summary>
internal interface IFigure
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    string Title { get; }

    /// <summary>Measures, by child processes that run <see cref="Measure"/>, and answers the rows to show.</summary>
    IEnumerable<Row> Run();

    /// <summary>Measures in this process, a child, and prints numbers with <see cref="Child.Answer"/>.</summary>
    void Measure(string[] args);
}

/// <summary>A figure that takes minutes and can be measured part by part.</summary>
internal interface IPartedFigure : IFigure
{
    /// <summary>The parts' titles: <c>name:text in a title</c> on the command line runs those that have it.</summary>
    IReadOnlyList<string> Parts { get; }

    /// <summary>Measures some of <see cref="Parts"/>.</summary>
    IEnumerable<Row> Run(IReadOnlyList<string> parts);

    /// <summary>Measures all of them.</summary>
    IEnumerable<Row> IFigure.Run() => Run(Parts);
}

/// <summary>A line of a figure's table.</summary>
internal sealed record Row(string What, string Measured, string Bar = "");
