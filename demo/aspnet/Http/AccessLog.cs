using System.Globalization;
using System.Text;

namespace HubshareDemo.Http;

/// <summary>One line per HTTP request and upgrade: the URL exactly as it came, so that a token in one would show, unless tokens are to be taken out; headers by name only.</summary>
public sealed class AccessLog : IDisposable
{
    private static readonly string[] NamedHeaders = ["Authorization", "Cookie", "Origin", "Sec-WebSocket-Protocol", "X-Demo-Admin"];

    private readonly Lock gate = new();
    private readonly FileStream file;
    private readonly bool redact;

    public AccessLog(DemoOptions options)
    {
        redact = options.RedactAccessLog;
        // Without a file of the caller's own, the log ends with the process.
        var own = options.AccessLogFile is null;
        var settings = new FileStreamOptions
        {
            Mode = own ? FileMode.CreateNew : FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = own ? FileOptions.DeleteOnClose : FileOptions.None,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        file = new FileStream(options.AccessLogFile ?? Path.Combine(Path.GetTempPath(), $"hubshare-demo-{Guid.NewGuid():N}.log"), settings);
    }

    public void Write(HttpContext context, string rawTarget, string status, TimeSpan took, long bytes)
    {
        var request = context.Request;
        var remote = context.Connection.RemoteIpAddress?.ToString() ?? "-";
        var headers = string.Join(',', NamedHeaders.Where(name => request.Headers.ContainsKey(name)).Select(name => name.ToLowerInvariant()));
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.fffZ} {remote} {request.Method} {(redact ? UrlTokens.Redact(rawTarget) : rawTarget)} {status} {took.TotalMilliseconds:F0}ms {bytes}B [{headers}]\n");
        lock (gate)
        {
            file.Seek(0, SeekOrigin.End);
            file.Write(Encoding.UTF8.GetBytes(line));
        }
    }

    public string Read()
    {
        lock (gate)
        {
            file.Seek(0, SeekOrigin.Begin);
            using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
            return reader.ReadToEnd();
        }
    }

    public void Dispose() => file.Dispose();
}
