using System.Text.RegularExpressions;

namespace HubshareDemo.Hubs;

/// <summary>Notices a token where it must not be: by its name or by its shape, in a query string.</summary>
public static partial class UrlTokens
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "access_token", "accesstoken", "token", "id_token", "jwt", "bearer", "authorization",
    };

    public static bool Any(IQueryCollection query) =>
        query.Any(pair => Names.Contains(pair.Key) || pair.Value.Any(value => value is not null && JwtShape().IsMatch(value)));

    [GeneratedRegex(@"^[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}\z", RegexOptions.CultureInvariant)]
    private static partial Regex JwtShape();
}
