using System.Globalization;
using System.Security.Cryptography;

namespace HubshareDemo;

/// <summary>What the command line and the environment decide for the life of the process.</summary>
public sealed record DemoOptions
{
    public const string Usage =
        "usage: hubshare-demo [--port N] [--static DIR] [--access-log FILE] [--sessions-file FILE] [--token-life SECONDS] "
        + "[--clock-tolerance SECONDS] [--close-on-expiry true|false] [--metric-interval SECONDS] [--disconnect-timeout SECONDS] [--verbose] "
        + "[--messages-per-second N] [--failed-attempts N] [--failed-attempts-window SECONDS] [--allow-query-token] [--redact-access-log] [--blocked-users FILE] "
        + "[--allow-origin ORIGIN]... [--connect-origin ORIGIN]...";

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; }

    public string? StaticFolder { get; init; }

    /// <summary>Without one, the log lives in a temporary file that ends with the process.</summary>
    public string? AccessLogFile { get; init; }

    /// <summary>Where refresh families survive a restart. It holds no secret: cookies are signed with a key derived from the signing key.</summary>
    public string? SessionsFile { get; init; }

    public TimeSpan TokenLife { get; init; } = TimeSpan.FromSeconds(300);

    public TimeSpan ClockTolerance { get; init; } = TimeSpan.FromSeconds(10);

    public bool CloseOnExpiry { get; init; } = true;

    public TimeSpan MetricInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a connection may be without a transport before it is given up.</summary>
    public TimeSpan DisconnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public bool Verbose { get; init; }

    /// <summary>Calls that one user may make in any one second, over all devices; US-008 asks for 10. Null: no limit.</summary>
    public int? MessagesPerSecond { get; init; }

    /// <summary>
    /// An address from which so many tokens were refused is turned away, and a connection that offers so many bad ones is closed; US-008
    /// asks for 5. Null: never.
    /// </summary>
    public int? FailedAttempts { get; init; }

    /// <summary>The time in which they came.</summary>
    public TimeSpan FailedAttemptsWindow { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// For legacy clients: a WebSocket or an event stream may bring its token as `?access_token=`, which then goes before the header.
    /// Each use is a warning in the security log. Without it, a request with a token in its URL is refused.
    /// </summary>
    public bool AllowQueryToken { get; init; }

    /// <summary>Take tokens out of the URLs in the access log. Always so where a URL may carry one.</summary>
    public bool RedactAccessLog { get; init; }

    /// <summary>A further list of blocked users, one in a line, read at each request and each call. If it cannot be read, nobody gets in.</summary>
    public string? BlockedUsersFile { get; init; }

    /// <summary>Origins whose pages may ask this server: whole ones, no path, no wildcard. Its own needs no mention.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Other origins that pages of the static folder and their workers may connect to, also as WebSockets.</summary>
    public IReadOnlyList<string> ConnectOrigins { get; init; } = [];

    /// <summary>From DEMO_SIGNING_KEY, never from the command line: a process list must not show it.</summary>
    public required byte[] SigningKey { get; init; }

    /// <exception cref="ArgumentException">Says which argument is wrong.</exception>
    public static DemoOptions Parse(IReadOnlyList<string> args, string? signingKey)
    {
        var options = new DemoOptions { SigningKey = ParseKey(signingKey) };
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i];
            string Value() => ++i < args.Count ? args[i] : throw new ArgumentException($"{name} needs a value");
            options = name switch
            {
                "--port" => options with { Port = ParsePort(Value()) },
                "--static" => options with { StaticFolder = ParseFolder(Value()) },
                "--access-log" => options with { AccessLogFile = Path.GetFullPath(Value()) },
                "--sessions-file" => options with { SessionsFile = Path.GetFullPath(Value()) },
                "--token-life" => options with { TokenLife = ParseSeconds(name, Value(), 0.001) },
                "--clock-tolerance" => options with { ClockTolerance = ParseSeconds(name, Value(), 0) },
                "--close-on-expiry" => options with { CloseOnExpiry = ParseSwitch(name, Value()) },
                "--metric-interval" => options with { MetricInterval = ParseSeconds(name, Value(), 0.01) },
                "--disconnect-timeout" => options with { DisconnectTimeout = ParseSeconds(name, Value(), 0.1) },
                "--verbose" => options with { Verbose = true },
                "--messages-per-second" => options with { MessagesPerSecond = ParseCount(name, Value()) },
                "--failed-attempts" => options with { FailedAttempts = ParseCount(name, Value()) },
                "--failed-attempts-window" => options with { FailedAttemptsWindow = ParseSeconds(name, Value(), 0.001) },
                "--allow-query-token" => options with { AllowQueryToken = true, RedactAccessLog = true },
                "--redact-access-log" => options with { RedactAccessLog = true },
                "--blocked-users" => options with { BlockedUsersFile = Path.GetFullPath(Value()) },
                "--allow-origin" => options with { AllowedOrigins = [.. options.AllowedOrigins, ParseOrigin(name, Value())] },
                "--connect-origin" => options with { ConnectOrigins = [.. options.ConnectOrigins, ParseOrigin(name, Value())] },
                _ => throw new ArgumentException($"unknown argument {name}"),
            };
        }

        return options;
    }

    private static byte[] ParseKey(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return RandomNumberGenerator.GetBytes(32);
        }

        var key = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, key, out var length) || length < 32)
        {
            throw new ArgumentException("DEMO_SIGNING_KEY must be base64 of at least 32 bytes");
        }

        return key[..length];
    }

    private static int ParsePort(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? port
            : throw new ArgumentException("--port must be a number from 0 to 65535");

    private static string ParseFolder(string text) =>
        Directory.Exists(text) ? Path.GetFullPath(text) : throw new ArgumentException($"--static: no folder {text}");

    private static string ParseOrigin(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0
            && url.GetLeftPart(UriPartial.Authority) == text && !text.Contains('*', StringComparison.Ordinal)
            ? text
            : throw new ArgumentException($"{name} must be an origin such as https://app.example.com, with no path and no wildcard");

    private static int ParseCount(string name, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1
            ? count
            : throw new ArgumentException($"{name} must be a whole number, 1 or more");

    private static bool ParseSwitch(string name, string text) =>
        bool.TryParse(text, out var on) ? on : throw new ArgumentException($"{name} must be true or false");

    private static TimeSpan ParseSeconds(string name, string text, double least) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= least && seconds <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{name} must be seconds from {least} to 86400"));
}
