using System.Text.Json;

namespace HubshareDemo.Http;

/// <summary>Reads small JSON bodies. Anything that is not what was asked for is no body at all, never an exception.</summary>
public static class RequestBody
{
    private const int MaxBytes = 64 * 1024;

    public static async Task<T?> ReadAsync<T>(HttpRequest request)
        where T : class
    {
        if (!request.HasJsonContentType() || request.ContentLength is null or > MaxBytes)
        {
            return null;
        }

        try
        {
            return await request.ReadFromJsonAsync<T>(request.HttpContext.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
