namespace BoundedCache.Figures;

/// <summary>What the command line asks for: figures, and parts of figures.</summary>
internal static class FigureChoice
{
    /// <summary>Finds out which figures are meant.</summary>
    /// <param name="figures">All figures.</param>
    /// <param name="args">
    /// Names, or names and a text that the titles of the wanted parts contain: <c>churn:full speed</c>. None for all.
    /// </param>
    /// <param name="chosen">The figures to run, each with how.</param>
    /// <returns>What is wrong with the arguments, and what would be right; null where nothing is.</returns>
    public static string? Find(
        IFigure[] figures, string[] args, out List<(IFigure Figure, Func<IEnumerable<Row>> Run)> chosen)
    {
        chosen = [.. figures.Where(_ => args.Length == 0)
            .Select(static figure => (figure, (Func<IEnumerable<Row>>)figure.Run))];
        foreach (string arg in args)
        {
            string[] words = arg.Split(':', 2);
            IFigure? figure = figures.FirstOrDefault(figure => figure.Name == words[0]);
            if (figure is null)
            {
                return $"Unknown figure: {words[0]}. Name none for all, or some of: "
                    + $"{string.Join(", ", figures.Select(static figure => figure.Name))}.";
            }

            if (words.Length == 1)
            {
                chosen.Add((figure, figure.Run));
                continue;
            }

            if (figure is not IPartedFigure parted)
            {
                return $"The figure {figure.Name} is one piece: name it without a colon.";
            }

            string[] parts =
                [.. parted.Parts.Where(part => part.Contains(words[1], StringComparison.OrdinalIgnoreCase))];
            if (parts.Length == 0)
            {
                return $"No part of {figure.Name} is called '{words[1]}'. Its parts: "
                    + $"{string.Join("; ", parted.Parts)}.";
            }

            chosen.Add((figure, () => parted.Run(parts)));
        }

        return null;
    }
}
